import { RetryBudget, type RetryBudgetOptions } from './budget.ts'
import { Registry, type RegistryOptions } from './registry.ts'

/**
 * Keeps one budget a key, such as a host, made by the same options when first asked for and named after its key. One that has less than its
 * `credit` is not dropped for being idle: the next one would begin with more. `options` may be a function of the key.
 *
 * @example
 * const budgets = new RetryBudgets({ ratio: 0.1 })
 * await retry(load, { use: [budgets.get(url.host)] })
 */
export class RetryBudgets extends Registry<RetryBudget, RetryBudgetOptions> {
  constructor(options: Omit<RetryBudgetOptions, 'state'> | ((key: string) => RetryBudgetOptions) = {}, registry: RegistryOptions = {}) {
    super((options) => new RetryBudget(options), options, registry, (budget) => budget.balance < Math.min(budget._options.credit, budget._options.max))
  }
}

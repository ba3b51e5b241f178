import { waitOptions } from './policy.ts'
import { policyFields, type Settings, strategies, type Strategy } from './settings.ts'

/** Digits as people group them in TypeScript: 60_000. */
const number = (value: number): string => (Number.isInteger(value) && Math.abs(value) >= 1_000 ? String(value).replaceAll(/\B(?=(\d{3})+$)/g, '_') : String(value))

const text = (value: string): string => `'${value.replaceAll(/['\\]/g, '\\$&')}'`

const object = (entries: (readonly [string, string])[]): string => (entries.length > 0 ? `{ ${entries.map(([name, value]) => `${name}: ${value}`).join(', ')} }` : '')

/** The call of the strategy with what differs from its defaults. */
function waitCode(policy: Settings): string {
  const strategy = policy.wait as Strategy
  const options = waitOptions(policy)
  const known: Record<string, { initial: number }> = strategies[strategy]
  const changed = Object.entries(options).filter(([name, value]) => value !== known[name]?.initial)
  if (strategy === 'constant') return `constant(${number(options.interval!)})`
  const written = changed.map(([name, value]) => [name, name === 'fallback' ? `expo({ factor: ${number(value)} })` : number(value)] as const)
  return `${strategy}(${object(written)})`
}

interface Parts {
  readonly core: Set<string>
  readonly imports: string[]
  readonly before: string[]
  readonly use: string[]
}

function writeBreaker(policy: Settings, { imports, before, use }: Parts): void {
  const { failureThreshold, failureRate, window, minimumCalls, recoveryTimeout } = policy as Record<string, number>
  const byShare = policy.trip === 'share'
  imports.push(`import { CircuitBreaker${byShare ? ', timeWindow' : ''} } from '@backon/breaker'`)
  const opens: (readonly [string, string])[] = byShare
    ? [['trip', `timeWindow(${object([['duration', number(window!)], ['failureRate', number(failureRate! / 100)], ['minimumCalls', number(minimumCalls!)]])})`]]
    : failureThreshold === policyFields.failureThreshold!.initial ? [] : [['failureThreshold', number(failureThreshold!)]]
  before.push('// One for all calls of the service.', `const breaker = new CircuitBreaker(${object([...opens, ['recoveryTimeout', number(recoveryTimeout!)], ['name', `'service'`]])})`, '')
  use.push('breaker')
}

function writeBudget({ ratio, credit }: Settings, { imports, before, use }: Parts): void {
  imports.push(`import { RetryBudget } from '@backon/limit'`)
  const given = [['ratio', number((ratio as number) / 100)], ['credit', number(credit as number)]] as const
  before.push('// One allowance for all calls of the service, retries and copies together.', `const budget = new RetryBudget(${object([...given, ['name', `'service'`]])})`, '')
  use.push('budget')
}

/** The TypeScript that does what was chosen. */
export function code(policy: Settings, url = ''): string {
  const parts: Parts = { core: new Set(['retry', policy.wait as string]), imports: [], before: [], use: [] }
  const { core, imports, before, use } = parts
  const lines = [`wait: ${waitCode(policy)},`]
  if (lines[0]!.includes('expo(')) core.add('expo')
  if (policy.jitter !== policyFields.jitter!.initial) {
    lines.push(`jitter: ${policy.jitter as string},`)
    if (policy.jitter !== 'null') core.add(policy.jitter as string)
  }
  lines.push(`maxTries: ${number(policy.maxTries as number)},`)
  if (!Number.isNaN(policy.maxTime)) lines.push(`maxTime: ${number(policy.maxTime as number)},`)
  if (policy.budget) writeBudget(policy, parts)
  if (policy.breaker) writeBreaker(policy, parts)
  if (!Number.isNaN(policy.timeout)) {
    core.add('timeout')
    use.push(`timeout(${number(policy.timeout as number)})`)
  }
  if (policy.hedge) {
    imports.push(`import { hedging } from '@backon/hedge'`)
    use.push(`hedging({ wait: ${number(policy.hedgeWait as number)}, maxHedge: ${number(policy.maxHedge as number)}${policy.budget ? ', budget' : ''} })`)
  }
  if (use.length > 0) lines.push(`use: [${use.join(', ')}],`)
  return [
    `import { ${[...core].sort().join(', ')} } from '@backon/core'`,
    ...imports,
    '',
    ...before,
    'export const load = (signal: AbortSignal) =>',
    '  retry(',
    '    async (attempt) => {',
    `      const response = await fetch(${text(url || 'https://example.com/')}, { signal: attempt.signal })`,
    '      if (!response.ok) throw Object.assign(new Error(`status ${response.status}`), { response })',
    '      return response',
    '    },',
    '    {',
    ...lines.map((line) => `      ${line}`),
    '      signal,',
    '    },',
    '  )',
    '',
  ].join('\n')
}

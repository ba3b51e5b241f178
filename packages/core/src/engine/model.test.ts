import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type VirtualTime, virtualTime } from '../../test/time.ts'
import { NonRetryableError, TimeoutError, TryAgain } from '../errors.ts'
import { override } from '../seams/override.ts'
import { Retrying } from '../shells/retrying.ts'
import { retrySync } from '../shells/retry-sync.ts'
import { retry } from '../shells/retry.ts'
import type { Details, Options } from '../types.ts'

class A extends Error {}
class B extends Error {}
const errors = { A: new A('a'), B: new B('b'), N: new NonRetryableError('n'), T: new TryAgain('t') }
type ErrorName = keyof typeof errors
const reason = new Error('aborted')
const fault = new Error('a callback is broken')
const events = ['onAttempt', 'before', 'after', 'onSuccess', 'beforeSleep', 'onBackoff', 'onGiveup'] as const

/** What an attempt does, after `takes` ms. Behind the script's end it returns `'end'`, which nothing retries. */
interface Step {
  does: ErrorName | 'v' | 'w' | 'end'
  takes: number
}

/** A policy as plain data, for the engine and for the model. Odd fractions keep two things from happening at one moment. */
interface Plan {
  wait: number | number[] | { times: number; exact: boolean }
  jitter: undefined | null | 'plus one'
  exception: undefined | ('A' | 'B')[]
  predicate: undefined | ('v' | 'w')[]
  condition: undefined | Step['does'][]
  giveup: undefined | { A?: true | number | undefined; B?: true | number | undefined }
  maxTries: undefined | number
  maxTime: undefined | number
  stop: undefined | number
  pluginStop: undefined | number
  enabled: undefined | boolean
  raiseOnGiveup: undefined | boolean
  callback: undefined | 'returns' | 'throws'
  abortAt: undefined | number
  /** Where a handler throws: at its n-th time. */
  fault: undefined | { event: (typeof events)[number]; nth: number }
  /** How long handlers take. */
  slow: undefined | { event: (typeof events)[number]; ms: number }
}

const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.oneof(fc.constant(undefined), arbitrary)
const ms = fc.integer({ min: 0, max: 40 })
const plans: fc.Arbitrary<Plan> = fc.record({
  wait: fc.oneof(ms, fc.array(ms, { maxLength: 4 }), fc.record({ times: fc.integer({ min: 0, max: 3 }), exact: fc.boolean() })),
  jitter: fc.constantFrom(undefined, null, 'plus one' as const),
  exception: optional(fc.subarray(['A' as const, 'B' as const])),
  predicate: optional(fc.subarray(['v' as const, 'w' as const])),
  condition: fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.subarray<Step['does']>(['A', 'B', 'N', 'v', 'w']) }),
  giveup: optional(fc.record({ A: optional(fc.oneof(fc.constant(true as const), ms)), B: optional(fc.oneof(fc.constant(true as const), ms)) })),
  maxTries: optional(fc.constantFrom(1, 2, 3, 4, 5, Infinity)),
  maxTime: optional(fc.integer({ min: 0, max: 150 }).map((ms) => ms + 0.7)),
  stop: optional(fc.integer({ min: 1, max: 6 })),
  pluginStop: optional(fc.integer({ min: 1, max: 6 })),
  enabled: fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.boolean() }),
  raiseOnGiveup: optional(fc.boolean()),
  callback: fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.constantFrom('returns' as const, 'throws' as const) }),
  abortAt: fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.integer({ min: -1, max: 150 }).map((ms) => ms + 0.3) }),
  fault: fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.record({ event: fc.constantFrom(...events), nth: fc.integer({ min: 1, max: 3 }) }) }),
  slow: fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.record({ event: fc.constantFrom(...events), ms: fc.integer({ min: 1, max: 30 }) }) }),
})
const scripts = fc.array(fc.record({ does: fc.constantFrom<Step['does']>('A', 'A', 'B', 'N', 'T', 'v', 'w', 'end'), takes: fc.oneof(fc.constant(0), ms) }), { maxLength: 8 })

const stepOf = (script: readonly Step[], tries: number): Step => script[tries - 1] ?? { does: 'end', takes: 1 }

/** Facts that matter. At an abort only the number of the attempt and the reason: the rest depends on what it cut off. */
const noted = (event: string, { tries, elapsed, idleFor, duration, previousWait, wait, ...rest }: any): object =>
  event === 'onAbort'
    ? { tries, exception: rest.exception }
    : { tries, elapsed, idleFor, duration, previousWait, wait, ...('value' in rest && { value: rest.value }), ...('exception' in rest && { exception: describeError(rest.exception) }) }

const describeError = (error: unknown): unknown => (error instanceof TimeoutError ? 'TimeoutError' : error)

/** Something from outside ends what the call is doing. */
class Cut {
  constructor(readonly by: 'abort' | 'deadline') {}
}

/** The loop of the design, section 3, written down as it reads: one function, no promises, a number for a clock. */
const model = (plan: Plan, script: readonly Step[], sync: boolean): unknown[] => {
  const log: unknown[] = []
  const enabled = plan.enabled !== false
  const abortAt = sync ? Infinity : (plan.abortAt ?? Infinity)
  let deadline = sync || !enabled ? Infinity : (plan.maxTime ?? Infinity)
  const maxTries = !enabled ? 1 : (plan.maxTries ?? (plan.maxTime === undefined && plan.stop === undefined ? 3 : Infinity))
  let now = 0
  let tries = 0
  let idleFor = 0
  let previousWait = 0
  let began = 0
  let ended: number | undefined
  let outcome: { exception: unknown } | { value: unknown } | undefined
  let told = false
  const times: Record<string, number> = {}

  const pass = (ms: number): void => {
    const end = now + ms
    if (Math.min(abortAt, deadline) >= end) return void (now = end)
    now = Math.min(abortAt, deadline)
    throw new Cut(abortAt < deadline ? 'abort' : 'deadline')
  }
  const facts = (wait?: number): any => ({
    tries, elapsed: (ended ?? began), idleFor, duration: ended === undefined ? undefined : ended - began, previousWait, wait, ...outcome,
  })
  const tell = (event: (typeof events)[number], record: any): void => {
    if (!enabled) return
    log.push(['handler', event, noted(event, record)])
    times[event] = (times[event] ?? 0) + 1
    if (plan.fault?.event === event && plan.fault.nth === times[event]) throw fault
    if (plan.slow?.event === event && !sync) pass(plan.slow.ms)
    log.push(['plugin', event, noted(event, record)])
  }
  const giveUp = (matched: boolean): { exception: unknown } | { value: unknown } => {
    deadline = Infinity
    tell('onGiveup', facts())
    told = true
    if (matched && enabled && plan.callback === 'throws') throw fault
    if (matched && enabled && plan.callback === 'returns') return { value: 'instead' }
    return matched && enabled && 'exception' in outcome! && plan.raiseOnGiveup === false ? { value: undefined } : outcome!
  }
  const loop = (): { exception: unknown } | { value: unknown } => {
    for (;;) {
      // 2. and 3.: the attempt and its outcome
      tries += 1
      began = now
      ended = undefined
      outcome = undefined
      const step = stepOf(script, tries)
      let timedOut = false
      try {
        tell('onAttempt', facts())
        tell('before', facts())
        log.push(['runs', tries, now])
        pass(step.takes)
        outcome = step.does in errors ? { exception: errors[step.does as ErrorName] } : { value: step.does }
      } catch (cut) {
        if (!(cut instanceof Cut) || cut.by === 'abort') throw cut
        timedOut = true
        deadline = Infinity
        outcome = { exception: 'TimeoutError' }
      }
      ended = now
      try {
        tell('after', facts())
      } catch (cut) {
        if (!(cut instanceof Cut) || cut.by === 'abort') throw cut
        timedOut = true
      }
      if (timedOut && 'exception' in outcome!) return giveUp(true)

      // 4. decide
      const failed = 'exception' in outcome!
      let wait: number | undefined
      if (!enabled) return outcome!
      if (step.does !== 'T') {
        const matches = plan.condition ? plan.condition.includes(step.does)
          : failed ? step.does !== 'N' && (plan.exception ? plan.exception.includes(step.does as 'A') : !plan.predicate)
          : plan.predicate?.includes(step.does as 'v')
        if (!matches) {
          if (failed) return giveUp(false)
          // Who is told of the end is not cut off.
          deadline = Infinity
          tell('onSuccess', facts())
          told = true
          return outcome!
        }
        if (timedOut) return giveUp(true)
        const answer = failed ? plan.giveup?.[step.does as 'A'] : undefined
        if (answer === true) return giveUp(true)
        wait = answer
      }
      if (wait === undefined) {
        wait = typeof plan.wait === 'number' ? plan.wait : Array.isArray(plan.wait) ? plan.wait[tries - 1] : plan.wait.times * tries + previousWait
        if (wait === undefined) return giveUp(true)
        const exact = typeof plan.wait === 'object' && 'exact' in plan.wait && plan.wait.exact
        if (!exact && plan.jitter !== null) wait = plan.jitter === 'plus one' ? wait + 1 : wait * 0.5
      }
      if (tries >= maxTries || ended + wait >= (plan.maxTime ?? Infinity) || tries >= (plan.stop ?? Infinity) || tries >= (plan.pluginStop ?? Infinity)) return giveUp(true)

      // 5. retry
      try {
        tell('beforeSleep', facts(wait))
        tell('onBackoff', facts(wait))
        pass(wait)
      } catch (cut) {
        if (!(cut instanceof Cut) || cut.by === 'abort') throw cut
        deadline = Infinity
        return giveUp(true)
      }
      idleFor += wait
      previousWait = wait
    }
  }

  // 1.
  if (abortAt < 0) return [['rejects', reason, 0]]
  try {
    const end = loop()
    log.push('value' in end ? ['resolves', end.value, now] : ['rejects', end.exception, now])
  } catch (error) {
    const why = error instanceof Cut ? reason : error
    if (error instanceof Cut && error.by === 'deadline') throw new Error('the model leaves no deadline open here', { cause: error })
    if (!told && enabled) log.push(['plugin', 'onAbort', { tries, exception: why }])
    log.push(['rejects', why, now])
  }
  return log
}

/** The engine's options for a plan. */
const optionsOf = (plan: Plan, log: unknown[], time: VirtualTime, controller: AbortController, sync: boolean): Options => {
  const { wait, exception, predicate, condition, giveup, stop, pluginStop } = plan
  const nameOf = (details: Details): string => ('value' in details ? (details.value as string) : Object.entries(errors).find(([, error]) => error === details.exception)![0])
  const times: Record<string, number> = {}
  const handlers = Object.fromEntries(events.map((event) => [event, (details: Details) => {
    log.push(['handler', event, noted(event, details)])
    times[event] = (times[event] ?? 0) + 1
    if (plan.fault?.event === event && plan.fault.nth === times[event]) throw fault
    return plan.slow?.event === event && !sync ? new Promise<void>((resolve) => time.setTimeout(resolve, plan.slow!.ms)) : undefined
  }]))
  const watchers = Object.fromEntries([...events, 'onAbort'].map((event) => [event, (details: Details) => void log.push(['plugin', event, noted(event, details)])]))
  return {
    wait: typeof wait === 'number' || Array.isArray(wait) ? wait : Object.assign((details: Details) => wait.times * details.tries + details.previousWait, { exact: wait.exact }),
    jitter: plan.jitter === 'plus one' ? (wait) => wait + 1 : plan.jitter,
    exception: exception?.map((name) => ({ A, B })[name]),
    predicate: predicate && ((value) => predicate.includes(value)),
    condition: condition && ((details) => condition.includes(nameOf(details) as Step['does'])),
    giveup: giveup && ((error) => giveup[error.message.toUpperCase() as 'A']),
    maxTries: plan.maxTries,
    maxTime: plan.maxTime,
    stop: stop === undefined ? undefined : ({ tries }) => tries >= stop,
    use: [{ ...watchers, ...(pluginStop !== undefined && { stop: ({ tries }: Details) => tries >= pluginStop }) }],
    enabled: plan.enabled,
    raiseOnGiveup: plan.raiseOnGiveup,
    retryErrorCallback: plan.callback && (() => {
      if (plan.callback === 'throws') throw fault
      return 'instead'
    }),
    signal: plan.abortAt === undefined || sync ? undefined : controller.signal,
    ...handlers,
  }
}

const runners: Record<string, (operation: any, options: Options) => any> = {
  retry,
  'Retrying.call': (operation, options) => new Retrying(options).call(operation),
  'for await': async (operation, options) => {
    let result: unknown
    for await (const attempt of new Retrying(options)) result = await attempt.run(operation)
    return result
  },
  retrySync,
  for: (operation, options) => {
    let result: unknown
    for (const attempt of new Retrying(options)) result = attempt.run(operation)
    return result
  },
}

/** What the engine does with a plan. */
const engine = async (plan: Plan, script: readonly Step[], runner: string, sync: boolean): Promise<unknown[]> => {
  const log: unknown[] = []
  const time = virtualTime(0)
  const controller = new AbortController()
  const undo = override({ clock: time, random: () => 0.5 })
  const stop = (): void => controller.abort(reason)
  if ((plan.abortAt ?? 0) < 0) stop()
  const alarm = plan.abortAt === undefined || sync ? undefined : time.setTimeout(stop, Math.max(plan.abortAt, 0))
  let tries = 0
  const operation = (): unknown => {
    const { does, takes } = stepOf(script, ++tries)
    log.push(['runs', tries, time.now()])
    const act = (): unknown => {
      if (does in errors) throw errors[does as ErrorName]
      return does
    }
    if (takes === 0) return act()
    if (!sync) return new Promise((resolve) => time.setTimeout(() => resolve(undefined), takes)).then(act)
    time.block(takes)
    return act()
  }
  try {
    const options = optionsOf(plan, log, time, controller, sync)
    const result = runners[runner]!(operation, options)
    log.push(['resolves', sync ? result : await time.until(result), time.now()])
  } catch (error) {
    log.push(['rejects', describeError(error), time.now()])
  } finally {
    undo()
    time.clearTimeout(alarm)
  }
  return log
}

const seed = Number(process.env['SEED'] ?? 20_261_123)
const numRuns = Number(process.env['RUNS'] ?? 400)

describe(`the engine does what the model says (SEED=${seed} RUNS=${numRuns})`, () => {
  test.each(Object.keys(runners))('%s', async (runner) => {
    const sync = runner === 'retrySync' || runner === 'for'
    await fc.assert(
      fc.asyncProperty(plans, scripts, async (plan, script) => {
        // Where the time is up between two turns of a loop, no `run` is there to answer with the result.
        const answered = (log: unknown[]): unknown[] =>
          runner === 'for await' && plan.maxTime !== undefined && plan.slow ? log.map((line: any) => (line[0] === 'resolves' ? line[0] : line)) : log
        expect(answered(await engine(plan, script, runner, sync))).toEqual(answered(model(plan, script, sync)))
      }),
      { seed, numRuns },
    )
  }, 120_000)

  test('the plans reach every end and every event', () => {
    const seen = new Set<string>()
    for (const [plan, script] of fc.sample(fc.tuple(plans, scripts), { seed, numRuns })) {
      for (const line of model(plan, script, false) as any[]) seen.add(line[0] === 'plugin' ? line[1] : String(line[1]))
    }
    for (const one of [...events, 'onAbort', 'Error: aborted', 'Error: a callback is broken', 'TimeoutError', 'instead', 'undefined', 'Error: a', 'v', 'end']) expect(seen).toContain(one)
  })
})

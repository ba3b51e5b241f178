import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { facts, follow, play, type Scenario, scenarios, type Stage, watch } from '../../test/scenarios.ts'
import { blockingPlans, columns, report, PlannedCall } from '../../test/planned-call.ts'
import { virtualTime } from '../../test/time.ts'
import { log } from '../plugins/log.ts'
import { override } from '../seams/override.ts'
import { Retrying } from '../shells/retrying.ts'
import { retrySync } from '../shells/retry-sync.ts'
import { retry } from '../shells/retry.ts'
import { timeout } from '../plugins/timeout.ts'
import type { Options, Plugin, Undo } from '../types.ts'
import { use } from '../seams/use.ts'

const undos: Undo[] = []
afterEach(() => undos.splice(0).forEach((undo) => undo()))

/** Keeps the default number of tries where a bound is added that means nothing. */
const bounded = (options: Options): Options =>
  options.maxTries === undefined && options.maxTime === undefined && options.stop === undefined ? { ...options, maxTries: 3 } : options

const join = (options: Options, ...plugins: Plugin[]): Options => ({ ...options, use: [...plugins, ...(options.use ?? []), ...plugins] })
const both = (handler: any, more: any): any => [handler ?? [], more].flat()
const nothing = (): void => {}
const around: Plugin = { wrap: (next) => (attempt) => next(attempt) }
const patient: Plugin = { wrap: (next) => async (attempt) => next(attempt) }
const curious: Plugin = { wrap: (next) => (attempt) => (facts(attempt.details), attempt.signal, next(attempt)) }
const silent = { debug: nothing, info: nothing, warn: nothing, error: nothing }
const levels = { backoff: 'info', giveup: 'error', abort: 'warn', success: 'debug' } as const

/** Ways to be watched or guarded that must not show. */
const variants: Record<string, (options: Options, run: (options: Options) => any) => any> = {
  'a handler of every event': (options, run) => {
    const quiet = watch([], 'quiet')
    return run({ ...options, ...Object.fromEntries(Object.entries(quiet).map(([event, handler]) => [event, both((options as any)[event], handler)])) })
  },
  'log': (options, run) => run(join(options, log(silent, levels))),
  'a plugin that wraps': (options, run) => run(join(options, around)),
  'a plugin that wraps, for the whole process': (options, run) => {
    undos.push(use(around), use({ ...around, innermost: true }))
    return run(options)
  },
  'a plugin that reads all there is': (options, run) => run(join(options, curious)),
  'a plugin that watches and fails at it': (options, run) => {
    const fault = (): never => {
      throw new Error('a plugin is broken')
    }
    vi.stubGlobal('reportError', nothing)
    const names = ['onAttempt', 'before', 'after', 'onSuccess', 'beforeSleep', 'onBackoff', 'onGiveup', 'onAbort']
    return run(join(options, Object.fromEntries(names.map((name) => [name, fault]))))
  },
  'a plugin that never stops': (options, run) => run(join(options, { stop: () => false })),
  'a timeout that never passes': (options, run) => run(join(options, timeout(1e9))),
  'a signal that never aborts': (options, run) => run({ ...options, signal: options.signal ?? new AbortController().signal }),
  'a maxTime that never passes': (options, run) => run({ ...bounded(options), maxTime: options.maxTime ?? 1e9 }),
  'a stop that never says so': (options, run) => run({ ...bounded(options), stop: options.stop ?? (() => false) }),
  'an override that forces nothing': (options, run) => {
    undos.push(override({ name: undefined }), override(() => undefined))
    return run(options)
  },
}

const asynchronous: Record<string, typeof variants[string]> = {
  'a plugin that makes it asynchronous': (options, run) => run(join(options, patient)),
  'handlers that take their time': (options, run) => run({ ...options, after: both(options.after, async () => {}), onBackoff: both(options.onBackoff, async () => {}) }),
}

const traceOf = async (scenario: Scenario, run: (stage: Stage, options: Options, work: () => any) => any): Promise<unknown[]> => {
  const stage: Stage = { time: virtualTime(), controller: new AbortController(), trace: [] }
  undos.push(override({ clock: stage.time, random: () => 0.5 }))
  await follow(stage, () => run(stage, { name: 'job', ...scenario.options(stage) }, play(scenario, stage)))
  undos.splice(0).forEach((undo) => undo())
  vi.unstubAllGlobals()
  expect(stage.time.pending, 'timers left').toBe(0)
  return stage.trace
}

/** What calls by. The plain one takes the engine's shortest way. */
const shells: Record<string, (work: () => any, options: Options) => any> = {
  retry: (work, options) => retry(work, options),
  'Retrying.call': (work, options) => new Retrying(options).call(work),
  retrySync: (work, options) => retrySync(work, options),
}

describe('RT-45 who watches changes nothing', () => {
  for (const [shell, call] of Object.entries(shells)) {
    const all = Object.entries(shell === 'retrySync' ? variants : { ...variants, ...asynchronous })
    test.each(all)(`${shell} with %s`, async (_, variant) => {
      for (const scenario of scenarios) {
        const plain = await traceOf(scenario, (_, options, work) => call(work, options))
        const watched = await traceOf(scenario, (_, options, work) => variant(options, (options) => call(work, options)))
        expect(watched, scenario.title).toEqual(plain)
      }
    })
  }

  test('the shortest way and the long one agree, call by call', async () => {
    for (const scenario of scenarios) {
      const long: Options = { signal: new AbortController().signal, after: nothing }
      const short = await traceOf(scenario, (_, options, work) => retry(work, options))
      const slow = await traceOf(scenario, (_, options, work) => retry(work, { ...long, ...options }))
      expect(slow, scenario.title).toEqual(short)
    }
  })
})

const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31)
const runs = Number(process.env['RUNS'] ?? 10_000)

describe(`a synchronous call is an asynchronous one (SEED=${seed} RUNS=${runs})`, () => {
  test('in every scenario', async () => {
    for (const scenario of scenarios) {
      const asynchronous = await traceOf(scenario, (_, options, work) => retry(work, options))
      const synchronous = await traceOf(scenario, (_, options, work) => retrySync(work, options))
      expect(synchronous, scenario.title).toEqual(asynchronous)
    }
  })

  test('whatever the options, the outcomes and the aborts', async () => {
    vi.stubGlobal('reportError', nothing)
    let least = ''
    const property = fc.asyncProperty(blockingPlans, async (plan) => {
      // Nothing can interrupt a synchronous call: only there a sleep of the caller's own may outlast `maxTime`.
      const scenario = { ...plan, sleep: plan.maxTime === undefined ? plan.sleep : undefined }
      const asynchronous = columns(await new PlannedCall(scenario, false, false).play(retry))
      const synchronous = columns(await new PlannedCall(scenario, true, false).play(retrySync))
      if (synchronous.join('\n') === asynchronous.join('\n')) return true
      least = report(scenario, asynchronous, synchronous, ['retry', 'retrySync'])
      return false
    })
    const { failed } = await fc.check(property, { seed, numRuns: Math.ceil(runs / 10) })
    vi.unstubAllGlobals()
    if (failed) expect.fail(least)
  }, 60_000)
})

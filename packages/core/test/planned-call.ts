import fc from 'fast-check'
import { override } from '../src/seams/override.ts'
import { retryingCaller, retryingCallerSync } from '../src/shells/caller.ts'
import { onException, onExceptionSync } from '../src/shells/decorate.ts'
import { Retrying } from '../src/shells/retrying.ts'
import { retrySync } from '../src/shells/retry-sync.ts'
import { retry } from '../src/shells/retry.ts'
import type { Attempt, Details, Options, Plugin, Wait } from '../src/types.ts'
import { waitChain } from '../src/wait/chain.ts'
import { constant } from '../src/wait/constant.ts'
import { waitException } from '../src/wait/exception.ts'
import { expo } from '../src/wait/expo.ts'
import { waitRandom } from '../src/wait/random.ts'
import { retryAfter } from '../src/wait/retry-after.ts'
import { waitSum } from '../src/wait/sum.ts'
import { type Callback, classes, type Column, type ErrorName, errors, type Event, events, fault, jitters, line, nameOf, reason, type Scenario, type Step, type ValueName, values, type WaitPlan } from './model.ts'
import { type VirtualTime, virtualTime } from './time.ts'

// Scenarios. Odd fractions keep an abort, a deadline and everything else from happening at one moment.

const ms = fc.integer({ min: 0, max: 40 })
const list = fc.array(ms, { maxLength: 4 })
/** One time in so many. */
const seldom = <T>(arbitrary: fc.Arbitrary<T>, oneIn: number): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: oneIn - 1, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary })
const often = fc.oneof({ weight: 2, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) })
const errorName = fc.constantFrom(...(Object.keys(errors) as ErrorName[]))
const valueName = fc.constantFrom(...(Object.keys(values) as ValueName[]))
const callback = fc.constantFrom<Callback>(...events, 'operation', 'condition', 'predicate', 'giveup', 'wait', 'stop', 'pluginStop', 'retryErrorCallback')
const faulty = callback.filter((name) => name !== 'operation')
const nth = fc.integer({ min: 1, max: 3 })

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    does: fc.oneof({ weight: 6, arbitrary: fc.constantFrom<Step['does']>('A', 'B', 'v', 'w') }, { weight: 4, arbitrary: errorName }, { weight: 2, arbitrary: valueName }, { weight: 1, arbitrary: fc.constant('hang' as const) }),
    takes: fc.oneof(fc.constant(0), ms),
    blocks: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  }).map((step) => ({ ...step, blocks: step.blocks && step.does !== 'hang' })),
  { maxLength: 7 },
)
const own = fc.record({
  kind: fc.constant('own' as const), base: ms, times: fc.integer({ min: 0, max: 3 }), carries: fc.boolean(), until: seldom(fc.integer({ min: 0, max: 4 }), 3),
  mark: fc.constantFrom(undefined, 'spread' as const, 'exact' as const, 'composite' as const), finite: fc.boolean(),
  bad: seldom(fc.record({ at: nth, is: fc.constantFrom(NaN, -1) }), 9),
}).map((wait) => ({ ...wait, finite: wait.finite && wait.until !== undefined }))
const wait: fc.Arbitrary<WaitPlan> = fc.oneof(
  fc.record({ kind: fc.constant('number' as const), ms }),
  fc.record({ kind: fc.constant('list' as const), ms: list }),
  own,
  own,
  fc.record({ kind: fc.constant('constant' as const), ms: fc.oneof(ms, list) }),
  fc.record({ kind: fc.constant('expo' as const), factor: ms, maxValue: fc.integer({ min: 0, max: 200 }) }),
  fc.record({ kind: fc.constant('random' as const), min: ms, max: ms.map((ms) => ms + 40) }),
  fc.record({ kind: fc.constant('sum' as const), a: fc.oneof(ms, list), b: ms }),
  fc.record({ kind: fc.constant('chain' as const), a: list, b: fc.oneof(ms, list) }),
  fc.record({ kind: fc.constant('waitException' as const), ms }),
  fc.record({ kind: fc.constant('retryAfter' as const), fallback: ms }),
)
export const plans: fc.Arbitrary<Scenario> = fc.record({
  steps,
  wait,
  jitter: fc.constantFrom(undefined, null, 'plus one' as const, 'half' as const),
  exception: seldom(fc.subarray(['A' as const, 'B' as const]), 3),
  predicate: seldom(fc.subarray<ValueName>(['v', 'w', 'nothing']), 2),
  condition: seldom(fc.subarray<ErrorName | ValueName>(['A', 'B', 'N', 'NR', 'Q', 'R', 'H', 'U', 'v', 'w', 'nothing'], { minLength: 3 }), 4),
  giveup: seldom(fc.dictionary(errorName, fc.oneof(fc.constant(true as const), fc.constantFrom(null, undefined), ms), { maxKeys: 3 }), 4),
  maxTries: seldom(fc.constantFrom(1, 2, 3, 4, 5, Infinity), 2),
  maxTime: seldom(fc.integer({ min: 0, max: 150 }).map((ms) => ms + 0.7), 3),
  lazy: fc.boolean(),
  stop: seldom(fc.integer({ min: 1, max: 6 }), 4),
  pluginStop: seldom(fc.record({ from: fc.integer({ min: 1, max: 5 }), says: fc.constantFrom(true as const, 'refused' as const) }), 4),
  enabled: seldom(fc.boolean(), 10),
  raiseOnGiveup: seldom(fc.boolean(), 3),
  retryErrorCallback: seldom(fc.oneof(fc.constant('at once' as const), ms), 4),
  sleep: seldom(fc.record({ more: ms }), 6),
  abort: seldom(fc.oneof({ weight: 1, arbitrary: fc.constant('before' as const) }, { weight: 8, arbitrary: fc.record({ at: fc.integer({ min: 0, max: 150 }).map((ms) => ms + 0.3) }) }, { weight: 8, arbitrary: fc.record({ in: callback, nth }) }), 3),
  fault: seldom(fc.record({ in: faulty, nth }), 5),
  slow: seldom(fc.record({ in: fc.subarray<Event>([...events], { minLength: 1 }), ms }), 3),
  reads: fc.boolean(),
  handlers: often,
  plugin: often,
  brokenPlugin: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
})

/** The same, where nothing has to be waited for. */
export const blockingPlans = plans.map((scenario): Scenario => ({
  ...scenario,
  steps: [...scenario.steps.map((step): Step => ({ ...step, does: step.does === 'hang' ? 'A' : step.does, blocks: true })), { does: 'end', takes: 1, blocks: true }],
  abort: typeof scenario.abort === 'object' && 'at' in scenario.abort ? undefined : scenario.abort,
  // No timer can come at the same moment.
  maxTime: scenario.lazy || scenario.maxTime === undefined ? scenario.maxTime : Math.floor(scenario.maxTime),
  slow: undefined,
  retryErrorCallback: scenario.retryErrorCallback === undefined ? undefined : 'at once',
}))

// The engine at work.

const deciding = new Set<Callback>(['condition', 'predicate', 'giveup', 'wait', 'stop', 'pluginStop'])

/** A scenario to be run: the options that say it, the operation that does it, and what was seen. */
export class PlannedCall {
  readonly lines: string[] = []
  readonly time: VirtualTime = virtualTime(0)
  readonly controller = new AbortController()
  private readonly runs: Partial<Record<Callback, number>> = {}
  private tries = 0
  private call: object | undefined
  /** Timers of the scenario itself, which are not the engine's to clear. */
  private timers = 0

  constructor(readonly scenario: Scenario, readonly sync: boolean, readonly isLoop: boolean) {}

  private write(who: Column, what: string, record?: object): void {
    this.lines.push(line(this.time.now(), who, what, record))
  }

  private after(ms: number): Promise<void> {
    if (ms === 0) return Promise.resolve()
    this.timers += 1
    return new Promise((resolve) => this.time.setTimeout(() => {
      this.timers -= 1
      resolve()
    }, ms))
  }

  /** Timers that are set and should not be. */
  get left(): number {
    return this.time.pending - this.timers
  }

  /** Code of the caller's begins: it may abort. Gives how it ends: it may throw. */
  private begins(callback: Callback): () => void {
    const { abort, fault: broken } = this.scenario
    const nth = (this.runs[callback] = (this.runs[callback] ?? 0) + 1)
    if (typeof abort === 'object' && 'in' in abort && abort.in === callback && abort.nth === nth) this.controller.abort(reason)
    return () => {
      if (broken?.in === callback && broken.nth === nth) throw fault
    }
  }

  /** Code of the caller's runs, and is done. */
  private runsNow(callback: Callback): void {
    this.begins(callback)()
  }

  /** Code of the caller's runs, and gives a promise. */
  private runsFor(callback: Callback, ms: number): Promise<void> {
    const end = this.begins(callback)
    return this.after(ms).then(end)
  }

  /** A decision asks. If the caller has aborted in it, it is thrown away, and what more it asks is nobody's business. */
  private asks(callback: Callback, about: object | string): void {
    const { abort } = this.scenario
    const isOver = this.controller.signal.aborted && typeof abort === 'object' && 'in' in abort && deciding.has(abort.in)
    if (!isOver) this.write('caller', typeof about === 'string' ? `asks ${callback} ${about}` : `asks ${callback}`, typeof about === 'string' ? {} : about)
    this.runsNow(callback)
  }

  /** What every record of a call has in common. */
  private check(details: Details, who: string): void {
    this.call ??= details.call
    const wrong = (what: string): void => this.write('caller', `${who} sees a wrong ${what}`)
    if (details.call !== this.call) wrong('call')
    if (details.name !== 'job') wrong('name')
    if (!this.isLoop && details.target !== this.operation) wrong('target')
    if (!Object.isFrozen(details) && 'value' in details && 'exception' in details) wrong('outcome')
  }

  readonly operation = (...given: any[]): unknown => {
    const step = this.scenario.steps[this.tries++] ?? { does: 'end', takes: 1, blocks: false }
    this.write('caller', `attempt ${this.tries}`)
    if (given.length === 2 ? given[0] !== 'x' || given[1] !== 7 : given[0].tries !== this.tries) this.write('caller', 'the operation is given something else')
    const tries = this.tries
    if (this.scenario.reads && given.length < 2) {
      const { signal } = given[0] as Attempt
      signal.addEventListener('abort', () => this.write('signal', `of attempt ${tries} aborts: ${nameOf(signal.reason)}`))
    }
    const act = (): unknown => {
      if (step.does in errors) throw errors[step.does as ErrorName]
      return values[step.does as ValueName]
    }
    if (this.sync || step.blocks) {
      try {
        this.runsNow('operation')
      } finally {
        this.time.block(step.takes)
      }
      return act()
    }
    this.runsNow('operation')
    return step.does === 'hang' ? new Promise(() => {}) : this.after(step.takes).then(act)
  }

  private wait(): Options['wait'] {
    const { wait } = this.scenario
    switch (wait.kind) {
      case 'number':
      case 'list':
        return wait.ms
      case 'constant':
        return constant(wait.ms as number)
      case 'expo':
        return expo({ factor: wait.factor, maxValue: wait.maxValue })
      case 'random':
        return waitRandom({ min: wait.min, max: wait.max })
      case 'sum':
        return waitSum(wait.a as number, constant(wait.b))
      case 'chain':
        return waitChain(wait.a as number[], constant(wait.b as number))
      case 'waitException':
        return waitException((error) => (error === undefined ? 0 : wait.ms))
      case 'retryAfter':
        return retryAfter({ fallback: constant(wait.fallback) })
      case 'own': {
        const strategy: Wait = (details, jitter) => {
          this.check(details, 'wait')
          this.runsNow('wait')
          if (details.tries === wait.bad?.at) return wait.bad.is
          if (details.tries > (wait.until ?? Infinity)) return undefined
          const ms = wait.base + wait.times * details.tries + (wait.carries ? details.previousWait : 0)
          if (wait.mark === 'composite') return ms + (jitter === undefined ? 1 : jitter === null ? 2 : jitter(ms))
          return jitter === undefined ? ms : 1_000_000
        }
        return Object.assign(strategy, wait.mark && { [wait.mark]: true }, wait.finite && { finite: true })
      }
    }
  }

  private watcher(): Plugin {
    const { pluginStop, brokenPlugin } = this.scenario
    const hooks = [...events, 'onAbort'].map((event) => [event, (details: Details) => {
      this.check(details, 'plugin')
      this.write('plugin', event, details)
      if (brokenPlugin && details.tries % 2) throw new Error('a plugin is broken')
      if (brokenPlugin) return Promise.reject(new Error('a plugin is broken'))
      return undefined
    }])
    return {
      ...Object.fromEntries(hooks),
      wrap: (next) => (attempt) => {
        this.write('plugin', `attempt ${attempt.tries}`)
        return next(attempt)
      },
      ...(pluginStop && { stop: (details: Details) => {
        this.asks('pluginStop', details)
        return details.tries >= pluginStop.from && pluginStop.says
      } }),
    }
  }

  options(): Options {
    const { exception, predicate, condition, giveup, maxTries, maxTime, lazy, stop, sleep, slow, jitter, retryErrorCallback, enabled, raiseOnGiveup, abort, handlers, plugin } = this.scenario
    const nameOfOutcome = (details: any): string => Object.entries('value' in details ? values : errors).find(([, one]) => one === ('value' in details ? details.value : details.exception))?.[0] ?? '?'
    let asked = 0
    const once = (bound: number | undefined): Options['maxTries'] => {
      if (bound === undefined || !lazy) return bound
      const mine = (asked += 1)
      let times = 0
      return () => {
        if ((times += 1) > 1) this.write('caller', `asks bound ${mine} again`)
        return bound
      }
    }
    return {
      name: 'job',
      wait: this.wait(),
      jitter: jitter && jitters[jitter],
      exception: exception?.map((name) => classes[name]),
      predicate: predicate && ((value) => {
        const name = nameOfOutcome({ value })
        this.asks('predicate', name)
        return predicate.includes(name as ValueName)
      }),
      condition: condition && ((details) => {
        this.check(details, 'condition')
        this.asks('condition', details)
        return condition.includes(nameOfOutcome(details) as ErrorName)
      }),
      giveup: giveup && ((exception) => {
        const name = nameOfOutcome({ exception })
        this.asks('giveup', name)
        return giveup[name as ErrorName]
      }),
      maxTries: once(maxTries),
      maxTime: once(maxTime),
      stop: stop === undefined ? undefined : (details) => {
        this.check(details, 'stop')
        this.asks('stop', details)
        return details.tries >= stop
      },
      sleep: sleep && ((ms) => (this.sync ? this.time.block(ms + sleep.more) : this.after(ms + sleep.more))),
      use: plugin ? [this.watcher()] : undefined,
      enabled,
      raiseOnGiveup,
      signal: abort === undefined ? undefined : this.controller.signal,
      ...(handlers && Object.fromEntries(events.map((event) => [event, (details: Details) => {
        this.check(details, event)
        this.write('caller', event, details)
        return slow?.in.includes(event) ? this.runsFor(event, slow.ms) : this.runsNow(event)
      }]))),
      retryErrorCallback: retryErrorCallback === undefined ? undefined : (details) => {
        this.write('caller', 'retryErrorCallback', details)
        if (retryErrorCallback !== 'at once') return this.runsFor('retryErrorCallback', retryErrorCallback).then(() => 'instead')
        this.runsNow('retryErrorCallback')
        return 'instead'
      },
    }
  }

  /** Plays the call to its end, and lets everything that is still under way come to its own. */
  async play(entry: Entry): Promise<string[]> {
    const { abort } = this.scenario
    const undo = override({ clock: this.time, random: () => 0.5 })
    if (abort === 'before') this.controller.abort(reason)
    if (typeof abort === 'object' && 'at' in abort) void this.after(abort.at).then(() => this.controller.abort(reason))
    try {
      const result = entry(this.operation, this.options())
      this.write('caller', `resolves with ${this.sync ? result : await this.time.until(result)}`)
    } catch (error) {
      if (error instanceof Error && error.message.startsWith('it hangs')) {
        this.write('caller', 'hangs')
        return this.lines
      }
      this.write('caller', `rejects with ${nameOf(error)}`)
    } finally {
      undo()
    }
    if (this.left) this.write('caller', `leaves ${this.left} timers`)
    if (this.timers) await this.time.pass(1_000)
    return this.lines
  }
}

export type Entry = (operation: any, options: Options) => any

export const entries: Record<string, Entry> = {
  'retry': (operation, options) => retry(operation, options),
  'Retrying.run': (operation, options) => new Retrying(options).run(operation),
  'Retrying.call': (operation, options) => new Retrying(options).call(operation, 'x', 7),
  'Retrying.wrap': (operation, options) => new Retrying(options).wrap(operation)(),
  'onException': (operation, options) => onException(options.wait, options.exception, options)(operation)('x', 7),
  'retryingCaller': (operation, options) => retryingCaller(options)(operation, 'x', 7),
  'for await': async (operation, options) => {
    let result: unknown
    for await (const attempt of new Retrying(options)) result = await attempt.run(operation)
    return result
  },
}
export const blockingEntries: Record<string, Entry> = {
  'retrySync': (operation, options) => retrySync(operation, options),
  'Retrying.callSync': (operation, options) => new Retrying(options).callSync(operation, 'x' as never, 7 as never),
  'onExceptionSync': (operation, options) => onExceptionSync(options.wait, options.exception, options)(operation)('x', 7),
  'retryingCallerSync': (operation, options) => retryingCallerSync(options)(operation, 'x' as never, 7 as never),
  'for': (operation, options) => {
    let result: unknown
    for (const attempt of new Retrying(options)) result = attempt.run(operation)
    return result
  },
}

/** What the caller sees, then what a plugin sees, then what becomes of the signals. */
export const columns = (lines: readonly string[]): string[] => {
  const column = (who: Column): string[] => lines.filter((line) => line.startsWith(who))
  return [...column('caller'), ...column('plugin'), ...column('signal').sort()]
}

export const report = (scenario: Scenario, expected: readonly string[], actual: readonly string[], [one, other] = ['model', 'engine']): string => {
  const given = Object.fromEntries(Object.entries(scenario).filter(([, part]) => part !== undefined))
  const both: string[] = []
  let [at, to] = [0, 0]
  while (at < expected.length || to < actual.length) {
    const next = expected.slice(at).findIndex((line) => actual.indexOf(line, to) >= 0)
    const end = next < 0 ? expected.length : at + next
    const until = next < 0 ? actual.length : actual.indexOf(expected[end]!, to)
    both.push(...expected.slice(at, end).map((line) => `${one} only: ${line}`), ...actual.slice(to, until).map((line) => `${other} only: ${line}`))
    if (next >= 0) both.push(`both: ${expected[end]}`)
    at = end + 1
    to = until + 1
  }
  return [`scenario: ${JSON.stringify(given, (_, part) => (typeof part === 'number' && !Number.isFinite(part) ? String(part) : part))}`, ...both].join('\n  ')
}

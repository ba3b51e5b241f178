import { expo } from '../src/wait/expo.ts'
import { timeout } from '../src/plugins/timeout.ts'
import type { Details, Hooks, Options, Plugin } from '../src/types.ts'
import type { VirtualTime } from './time.ts'

export class FirstError extends Error {}
export class SecondError extends Error {}

/** What an attempt does: throws an error, or returns anything else. */
export type Step = unknown

/** What one run of a scenario may use and is watched by. */
export interface Stage {
  readonly time: VirtualTime
  readonly controller: AbortController
  readonly trace: unknown[]
}

/** One option at work: what the operation does, how it is retried, and what must come of it. */
export interface Scenario {
  readonly title: string
  /** What each attempt does; the last step repeats. Each takes 10 ms. */
  readonly steps: readonly Step[]
  readonly options: (stage: Stage) => Options
  /** When each attempt began, in ms from the start, and how the call ended. */
  readonly expected: string
  /** The attempt in which the operation aborts the caller's signal. */
  readonly abortIn?: number
}

export const first = new FirstError('first')
export const second = new SecondError('second')
export const reason = new Error('stop it')
const noRetry = Object.assign(new Error('no retry'), { retryable: false })
const again = Object.assign(new Error('again'), { name: 'TryAgain' })
const flat = { wait: 100, jitter: null }

export const events = ['onAttempt', 'before', 'after', 'onSuccess', 'beforeSleep', 'onBackoff', 'onGiveup'] as const

/** The facts of a record that are the same for every entry point. */
export const facts = ({ name, tries, elapsed, idleFor, duration, previousWait, wait, ...rest }: Details): object => {
  const outcome = 'value' in rest ? { value: rest.value } : 'exception' in rest ? { exception: rest.exception } : {}
  return { name, tries, elapsed, idleFor, duration, previousWait, wait, ...outcome }
}

/** A handler of every event that writes down what it is told. */
export const watch = (trace: unknown[], who: string, names: readonly (keyof Hooks)[] = events): Hooks =>
  Object.fromEntries(names.map((event) => [event, (details: Details) => void trace.push([who, event, facts(details)])]))

const watcher = (trace: unknown[], who: string): Plugin => ({
  ...watch(trace, who, [...events, 'onAbort']),
  wrap: (next) => {
    trace.push([who, 'wraps a call'])
    return (attempt) => {
      trace.push([who, 'goes around attempt', attempt.tries])
      return next(attempt)
    }
  },
})

const abortIn = (stage: Stage, event: string): Options => ({
  ...flat, signal: stage.controller.signal, use: [watcher(stage.trace, 'plugin')], [event]: () => stage.controller.abort(reason),
})

export const scenarios: readonly Scenario[] = [
  { title: 'nothing', steps: ['ok'], options: () => ({}), expected: '0 → returns ok' },
  { title: 'all at their defaults', steps: [first], options: () => ({}), expected: '0 510 1520 → throws first' },
  { title: 'every option undefined', steps: [first, 'ok'], options: () => Object.fromEntries([
    'wait', 'jitter', 'exception', 'predicate', 'condition', 'giveup', 'maxTries', 'maxTime', 'stop', 'signal', 'sleep', 'name', 'use', 'enabled',
    'onAttempt', 'before', 'after', 'onSuccess', 'beforeSleep', 'onBackoff', 'onGiveup', 'retryErrorCallback', 'raiseOnGiveup',
  ].map((name) => [name, undefined])), expected: '0 510 → returns ok' },
  { title: 'wait: a number', steps: [first], options: () => ({ wait: 200 }), expected: '0 210 420 → throws first' },
  { title: 'wait: 0', steps: [first], options: () => ({ wait: 0, maxTries: 4 }), expected: '0 10 20 30 → throws first' },
  { title: 'wait: a list', steps: [first], options: () => ({ wait: [100, 300], jitter: null, maxTries: 9 }), expected: '0 110 420 → throws first' },
  { title: 'wait: an empty list', steps: [first], options: () => ({ wait: [] }), expected: '0 → throws first' },
  { title: 'wait: a strategy', steps: [first], options: () => ({ wait: expo({ factor: 10, maxValue: 40 }), jitter: null, maxTries: 5 }), expected: '0 20 50 100 150 → throws first' },
  { title: 'wait: a function of the record', steps: [first], options: () => ({ wait: (details) => details.elapsed + details.previousWait, jitter: null }), expected: '0 20 70 → throws first' },
  { title: 'wait: an exact one', steps: [first], options: () => ({ wait: Object.assign(() => 100, { exact: true }) }), expected: '0 110 220 → throws first' },
  { title: 'wait: not a number', steps: [first], options: () => ({ wait: () => NaN }), expected: '0 → throws wait must be a number of 0 or more; got NaN' },
  { title: 'wait: below 0', steps: [first], options: () => ({ wait: () => -1, jitter: null }), expected: '0 → throws wait must be a number of 0 or more; got -1' },
  { title: 'wait: throws', steps: [first], options: () => ({ wait: () => { throw second } }), expected: '0 → throws second' },
  { title: 'jitter: null', steps: [first], options: () => ({ jitter: null }), expected: '0 1010 3020 → throws first' },
  { title: 'jitter: a function', steps: [first], options: () => ({ wait: 100, jitter: (wait) => wait + 1 }), expected: '0 111 222 → throws first' },
  { title: 'jitter: throws', steps: [first], options: () => ({ wait: 100, jitter: () => { throw second } }), expected: '0 → throws second' },
  { title: 'exception: a class', steps: [first, second, 'ok'], options: () => ({ ...flat, exception: FirstError }), expected: '0 110 → throws second' },
  { title: 'exception: a list', steps: [first, second, 'ok'], options: () => ({ ...flat, exception: [FirstError, SecondError] }), expected: '0 110 220 → returns ok' },
  { title: 'exception: an empty list', steps: [first, 'ok'], options: () => ({ ...flat, exception: [] }), expected: '0 → throws first' },
  { title: 'exception and predicate', steps: [first, 0, 'ok'], options: () => ({ ...flat, exception: Error, predicate: (value) => !value }), expected: '0 110 220 → returns ok' },
  { title: 'predicate', steps: [0, '', 'ok'], options: () => ({ ...flat, predicate: (value) => !value }), expected: '0 110 220 → returns ok' },
  { title: 'predicate: never satisfied', steps: [0], options: () => ({ ...flat, predicate: (value) => !value }), expected: '0 110 220 → returns 0' },
  { title: 'predicate: an exception is none of its business', steps: [0, first], options: () => ({ ...flat, predicate: (value) => !value }), expected: '0 110 → throws first' },
  { title: 'predicate: throws', steps: [0], options: () => ({ ...flat, predicate: () => { throw second } }), expected: '0 → throws second' },
  { title: 'condition', steps: [first, 0, second], options: () => ({ ...flat, condition: (details) => details.exception !== second, maxTries: 9 }), expected: '0 110 220 → throws second' },
  { title: 'condition: outranks exception and predicate', steps: [0, first, 'ok'], options: () => ({ ...flat, condition: ({ value }) => value !== 'ok', exception: [], predicate: () => false }), expected: '0 110 220 → returns ok' },
  { title: 'condition: throws', steps: [first], options: () => ({ ...flat, condition: () => { throw second } }), expected: '0 → throws second' },
  { title: 'an error that is not retryable', steps: [first, noRetry], options: () => ({ ...flat, exception: Error }), expected: '0 110 → throws no retry' },
  { title: 'an error that is not retryable, and a condition', steps: [noRetry], options: () => ({ ...flat, condition: () => true }), expected: '0 110 220 → throws no retry' },
  { title: 'TryAgain', steps: [again, first], options: () => ({ ...flat, exception: [] }), expected: '0 110 → throws first' },
  { title: 'TryAgain: stops apply', steps: [again], options: () => ({ ...flat, predicate: () => false }), expected: '0 110 220 → throws again' },
  { title: 'giveup: true', steps: [first, second], options: () => ({ ...flat, giveup: (error) => error === second }), expected: '0 110 → throws second' },
  { title: 'giveup: a number', steps: [first, second], options: () => ({ wait: 100, giveup: (error) => (error === first ? 30 : undefined) }), expected: '0 40 150 → throws second' },
  { title: 'giveup: a number for a list that has run out', steps: [first], options: () => ({ wait: [], giveup: () => 30 }), expected: '0 → throws first' },
  { title: 'giveup: no number of ms', steps: [first], options: () => ({ ...flat, giveup: () => -5 }), expected: '0 → throws wait must be a number of 0 or more; got -5' },
  { title: 'giveup: throws', steps: [first], options: () => ({ ...flat, giveup: () => { throw second } }), expected: '0 → throws second' },
  { title: 'maxTries', steps: [first], options: () => ({ ...flat, maxTries: 2 }), expected: '0 110 → throws first' },
  { title: 'maxTries: 1', steps: [first], options: () => ({ ...flat, maxTries: 1 }), expected: '0 → throws first' },
  { title: 'maxTries: a function', steps: [first], options: () => ({ ...flat, maxTries: () => 2 }), expected: '0 110 → throws first' },
  { title: 'maxTries: a function that gives nonsense', steps: [first], options: () => ({ ...flat, maxTries: () => 0.5 }), expected: '→ throws maxTries must be an integer of 1 or more, or Infinity; got 0.5' },
  { title: 'maxTries: a function that throws', steps: [first], options: () => ({ ...flat, maxTries: () => { throw second } }), expected: '→ throws second' },
  { title: 'maxTries: Infinity', steps: [first, first, first, first, 'ok'], options: () => ({ ...flat, maxTries: Infinity }), expected: '0 110 220 330 440 → returns ok' },
  { title: 'maxTime', steps: [first], options: () => ({ ...flat, maxTime: 300 }), expected: '0 110 220 → throws first' },
  { title: 'maxTime: a wait that ends at it', steps: [first], options: () => ({ ...flat, maxTime: 110 }), expected: '0 → throws first' },
  { title: 'maxTime: a wait that ends before it', steps: [first], options: () => ({ ...flat, maxTime: 110.5 }), expected: '0 110 → throws first' },
  { title: 'maxTime: a function', steps: [first], options: () => ({ ...flat, maxTime: () => 200 }), expected: '0 110 → throws first' },
  { title: 'maxTime: a function that gives nonsense', steps: [first], options: () => ({ ...flat, maxTime: () => NaN }), expected: '→ throws maxTime must be a number of 0 or more; got NaN' },
  { title: 'maxTime: Infinity', steps: [first, first, first, first, 'ok'], options: () => ({ ...flat, maxTime: Infinity }), expected: '0 110 220 330 440 → returns ok' },
  { title: 'maxTries and maxTime', steps: [first], options: () => ({ ...flat, maxTries: 2, maxTime: 10_000 }), expected: '0 110 → throws first' },
  { title: 'stop', steps: [first], options: () => ({ ...flat, stop: ({ tries, wait }) => tries * wait! >= 400 }), expected: '0 110 220 330 → throws first' },
  { title: 'stop: throws', steps: [first], options: () => ({ ...flat, stop: () => { throw second } }), expected: '0 → throws second' },
  { title: 'signal: silent', steps: [first], options: (stage) => ({ ...flat, signal: stage.controller.signal }), expected: '0 110 220 → throws first' },
  { title: 'signal: aborted before', steps: ['ok'], options: (stage) => (stage.controller.abort(reason), { signal: stage.controller.signal, use: [watcher(stage.trace, 'plugin')] }), expected: '→ throws stop it' },
  { title: 'signal: aborted by the operation that fails', steps: [first], abortIn: 2, options: (stage) => ({ ...flat, signal: stage.controller.signal, use: [watcher(stage.trace, 'plugin')] }), expected: '0 110 → throws stop it' },
  { title: 'signal: aborted by the operation that succeeds', steps: [first, 'ok'], abortIn: 2, options: (stage) => ({ ...flat, signal: stage.controller.signal, use: [watcher(stage.trace, 'plugin')] }), expected: '0 110 → throws stop it' },
  { title: 'signal: aborted in onAttempt', steps: [first], options: (stage) => abortIn(stage, 'onAttempt'), expected: '→ throws stop it' },
  { title: 'signal: aborted in before', steps: [first], options: (stage) => abortIn(stage, 'before'), expected: '→ throws stop it' },
  { title: 'signal: aborted in after', steps: [first], options: (stage) => abortIn(stage, 'after'), expected: '0 → throws stop it' },
  { title: 'signal: aborted in onSuccess', steps: ['ok'], options: (stage) => abortIn(stage, 'onSuccess'), expected: '0 → returns ok' },
  { title: 'signal: aborted in beforeSleep', steps: [first], options: (stage) => abortIn(stage, 'beforeSleep'), expected: '0 → throws stop it' },
  { title: 'signal: aborted in onBackoff', steps: [first], options: (stage) => abortIn(stage, 'onBackoff'), expected: '0 → throws stop it' },
  { title: 'signal: aborted in onGiveup', steps: [first], options: (stage) => abortIn(stage, 'onGiveup'), expected: '0 110 220 → throws first' },
  { title: 'signal: aborted in condition', steps: [first], options: (stage) => abortIn(stage, 'condition'), expected: '0 → throws stop it' },
  { title: 'signal: aborted in giveup', steps: [first], options: (stage) => abortIn(stage, 'giveup'), expected: '0 → throws stop it' },
  { title: 'signal: aborted in stop', steps: [first], options: (stage) => abortIn(stage, 'stop'), expected: '0 → throws stop it' },
  { title: 'signal: aborted in retryErrorCallback', steps: [first], options: (stage) => abortIn(stage, 'retryErrorCallback'), expected: '0 110 220 → returns undefined' },
  { title: 'signal: aborted in sleep', steps: [first], options: (stage) => abortIn(stage, 'sleep'), expected: '0 → throws stop it' },
  { title: 'sleep', steps: [first, first, 'ok'], options: (stage) => ({ ...flat, sleep: (ms) => { stage.time.block(ms + 7); stage.trace.push(['sleep', ms]) } }), expected: '0 117 234 → returns ok' },
  { title: 'sleep: given the signal', steps: [first, 'ok'], options: (stage) => ({ ...flat, signal: stage.controller.signal, sleep: (ms, signal) => void stage.trace.push(['sleep', ms, signal instanceof AbortSignal && !signal.aborted]) }), expected: '0 10 → returns ok' },
  { title: 'sleep: throws', steps: [first], options: () => ({ ...flat, sleep: () => { throw second } }), expected: '0 → throws second' },
  { title: 'name', steps: [first], options: () => ({ ...flat, name: 'job' }), expected: '0 110 220 → throws first' },
  { title: 'use: none', steps: [first], options: () => ({ ...flat, use: [] }), expected: '0 110 220 → throws first' },
  { title: 'use: two that watch and wrap', steps: [first, 'ok'], options: ({ trace }) => ({ ...flat, use: [watcher(trace, 'outer'), watcher(trace, 'inner')] }), expected: '0 110 → returns ok' },
  { title: 'use: one that watches a failure', steps: [first], options: ({ trace }) => ({ ...flat, use: [watcher(trace, 'plugin')] }), expected: '0 110 220 → throws first' },
  { title: 'use: one that refuses', steps: ['ok'], options: () => ({ ...flat, use: [{ wrap: () => () => { throw second } }] }), expected: '→ throws second' },
  { title: 'use: one that changes the outcome', steps: ['ok'], options: () => ({ ...flat, use: [{ wrap: (next) => (attempt) => { next(attempt); return 'better' as never } }] }), expected: '0 → returns better' },
  { title: 'use: one whose wrap throws', steps: ['ok'], options: () => ({ ...flat, use: [{ wrap: () => { throw second } }] }), expected: '→ throws second' },
  { title: 'use: one that stops', steps: [first], options: () => ({ ...flat, use: [{ stop: ({ tries }) => tries === 2 }] }), expected: '0 110 → throws first' },
  { title: 'use: timeout', steps: [first, 'ok'], options: () => ({ ...flat, use: [timeout(1_000)] }), expected: '0 110 → returns ok' },
  { title: 'enabled: true', steps: [first, 'ok'], options: () => ({ ...flat, enabled: true }), expected: '0 110 → returns ok' },
  { title: 'enabled: false, success', steps: ['ok'], options: ({ trace }) => ({ enabled: false, use: [watcher(trace, 'plugin')], ...watch(trace, 'handler') }), expected: '0 → returns ok' },
  { title: 'enabled: false, failure', steps: [first], options: ({ trace }) => ({
    enabled: false, raiseOnGiveup: false, retryErrorCallback: () => 'instead', maxTime: 0, predicate: () => true, condition: () => true, giveup: () => { throw second },
    use: [watcher(trace, 'plugin')], ...watch(trace, 'handler'),
  }), expected: '0 → throws first' },
  { title: 'enabled: false, a value that would be retried', steps: [0], options: () => ({ enabled: false, predicate: () => true }), expected: '0 → returns 0' },
  { title: 'enabled: false, the signal still counts', steps: ['ok'], abortIn: 1, options: (stage) => ({ enabled: false, signal: stage.controller.signal }), expected: '0 → throws stop it' },
  { title: 'handlers, success', steps: [first, 0, 'ok'], options: ({ trace }) => ({ ...flat, condition: ({ value }) => value !== 'ok', ...watch(trace, 'handler') }), expected: '0 110 220 → returns ok' },
  { title: 'handlers, failure', steps: [first], options: ({ trace }) => ({ ...flat, ...watch(trace, 'handler') }), expected: '0 110 220 → throws first' },
  { title: 'handlers, a failure that is never retried', steps: [first], options: ({ trace }) => ({ ...flat, exception: [], ...watch(trace, 'handler') }), expected: '0 → throws first' },
  { title: 'handlers, lists', steps: [first, 'ok'], options: ({ trace }) => {
    const [a, b] = [watch(trace, 'a'), watch(trace, 'b')]
    return { ...flat, ...Object.fromEntries(events.map((event) => [event, [a[event], b[event]]])) }
  }, expected: '0 110 → returns ok' },
  { title: 'handlers, empty lists', steps: [first, 'ok'], options: () => ({ ...flat, ...Object.fromEntries(events.map((event) => [event, []])) }), expected: '0 110 → returns ok' },
  { title: 'handlers and plugins', steps: [first], options: ({ trace }) => ({ ...flat, ...watch(trace, 'handler'), use: [watcher(trace, 'plugin')] }), expected: '0 110 220 → throws first' },
  ...[...events, 'retryErrorCallback'].map((event) => ({
    title: `${event} throws`,
    steps: event === 'onSuccess' ? ['ok'] : [first],
    options: ({ trace }: Stage) => ({ ...flat, maxTries: 2, [event]: () => { throw second }, use: [watcher(trace, 'plugin')] }),
    expected: { onAttempt: '', before: '', onGiveup: '0 110 ', retryErrorCallback: '0 110 ' }[event] ?? '0 ',
  })).map((scenario) => ({ ...scenario, expected: `${scenario.expected}→ throws second` })),
  { title: 'retryErrorCallback', steps: [first], options: ({ trace }) => ({ ...flat, retryErrorCallback: (details) => (trace.push(facts(details)), 'instead'), ...watch(trace, 'handler') }), expected: '0 110 220 → returns instead' },
  { title: 'retryErrorCallback: a value', steps: [0], options: () => ({ ...flat, predicate: () => true, retryErrorCallback: ({ value }) => `got ${value}` }), expected: '0 110 220 → returns got 0' },
  { title: 'retryErrorCallback: an error that never matched', steps: [first], options: () => ({ ...flat, exception: [], retryErrorCallback: () => 'instead' }), expected: '0 → throws first' },
  { title: 'raiseOnGiveup: false', steps: [first], options: () => ({ ...flat, raiseOnGiveup: false }), expected: '0 110 220 → returns undefined' },
  { title: 'raiseOnGiveup: false, a value', steps: [0], options: () => ({ ...flat, predicate: () => true, raiseOnGiveup: false }), expected: '0 110 220 → returns 0' },
  { title: 'raiseOnGiveup: false, given up by giveup', steps: [first], options: () => ({ ...flat, giveup: () => true, raiseOnGiveup: false }), expected: '0 → returns undefined' },
  { title: 'raiseOnGiveup: false, an error that never matched', steps: [first], options: () => ({ ...flat, exception: SecondError, raiseOnGiveup: false }), expected: '0 → throws first' },
]

/** What the operation of a scenario does: each run is written down. */
export const play = ({ steps, abortIn }: Scenario, { time, controller, trace }: Stage): (() => unknown) => {
  const start = time.now()
  let runs = 0
  return () => {
    const step = steps[Math.min(runs++, steps.length - 1)]
    trace.push(['runs', time.now() - start])
    time.block(10)
    if (runs === abortIn) controller.abort(reason)
    if (step instanceof Error) throw step
    return step
  }
}

const end = (how: string, what: unknown): string => `→ ${how} ${what instanceof Error ? what.message : String(what)}`

/** Runs something to its end and writes that down, in virtual time. */
export const follow = async ({ time, trace }: Stage, action: () => unknown): Promise<void> => {
  try {
    let result = action()
    if (result instanceof Promise) result = await time.until(result)
    trace.push(end('returns', result))
  } catch (error) {
    trace.push(end('throws', error))
  }
}

/** When each attempt began and how the call ended: the short form of a trace. */
export const brief = (trace: readonly unknown[]): string =>
  trace.flatMap((line) => (Array.isArray(line) ? (line[0] === 'runs' ? [line[1]] : []) : typeof line === 'string' ? [line] : [])).join(' ')

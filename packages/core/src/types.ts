// For who has no such `lib`: `Disposable` and `Symbol.asyncDispose` are in the declarations of this package.
/// <reference lib="esnext.disposable" preserve="true" />

/** The facts of one call at one moment: made fresh, never changed afterwards. Times are in ms, from a monotonic clock. */
export interface Details<T = unknown> {
  /** The same object in every record of one call and in no other: a key for a WeakMap. */
  readonly call: object
  /** `options.name`, else the target's own name, else `''`. */
  readonly name: string
  /** The caller's own function, never a wrapper around it. */
  readonly target: Function
  /** The arguments of this call; empty for `retry(operation)`. */
  readonly args: readonly unknown[]
  /** Attempts started so far; the first is 1. Once the call has ended: those whose operation has run. */
  readonly tries: number
  /** Since the call began: read when an attempt begins, again when it has ended, and when the call is cut off. It does not grow in between. */
  readonly elapsed: number
  /** Time asked to sleep so far in this call. */
  readonly idleFor: number
  /** How long this attempt took, the `onAttempt` and `before` of it included. Absent before it has ended. */
  readonly duration?: number
  /** The wait before this attempt; 0 before the first. */
  readonly previousWait: number
  /** What the attempt returned. Present, even when `undefined`, exactly when it did not throw. */
  readonly value?: T
  /** What the attempt threw. Present, even when `undefined`, exactly when it threw. */
  readonly exception?: unknown
  /** The wait to come, once it is decided. */
  readonly wait?: number
  /** How the call has ended. Present once it has, in `onSuccess`, `onGiveup`, `onAbort` and in `retryErrorCallback`. */
  readonly end?: End
  /** Why the call was cut off: the reason of its signal, or an AbortError when a loop or a scope was left. Present in `onAbort` only. */
  readonly reason?: unknown
}

/** Why a call has given up: */
export type GiveupEnd =
  /** its last outcome was not one to be retried, */
  | 'fatal'
  /** `maxTries` attempts have run, */
  | 'tries'
  /** `maxTime` has passed, or the next wait would have reached it, */
  | 'time'
  /** the wait has run out, */
  | 'exhausted'
  /** `stop`, or the `stop` of a plugin, said so, */
  | 'stop'
  /** `giveup` said so, also of an attempt that was refused, */
  | 'giveup'
  /** the last attempt was refused (`error.refused`) and is not retried, or the retry itself was refused by a plugin. */
  | 'refused'

/** How a call ends. */
export type End = 'success' | GiveupEnd | 'abort'

/** The record after an attempt that returned. */
export interface Returned<T = any> extends Details<T> {
  /** How long this attempt took, in ms. */
  readonly duration: number
  /** What the attempt returned, `undefined` included. */
  readonly value: T
  /** It threw nothing. */
  readonly exception?: never
}

/** The record after an attempt that threw. */
export interface Threw<T = any> extends Details<T> {
  /** How long this attempt took, in ms. */
  readonly duration: number
  /** What the attempt threw, `undefined` included. */
  readonly exception: unknown
  /** It returned nothing. */
  readonly value?: never
}

/** A record after an attempt: exactly one of `value` and `exception` is there, even when it is `undefined`. */
export type Outcome<T = any> = Returned<T> | Threw<T>

/** A record before a wait. */
export type BackoffDetails<T = any> = Outcome<T> & { readonly wait: number }

/** The record of a call that has succeeded. */
export interface SuccessDetails<T = any> extends Details<T> {
  /** How long its last attempt took, in ms. */
  readonly duration: number
  /** What the call gives. */
  readonly value: T
  /** How it has ended. */
  readonly end: 'success'
}

/** The record of a call that has given up. */
export type GiveupDetails<T = any> = Outcome<T> & { readonly end: GiveupEnd }

/** The record of a call that was cut off. `value` or `exception` is its last outcome, if it had one; `duration` is that of its latest attempt, which may have been cut off after it. */
export type AbortDetails<T = any> = Details<T> & { readonly end: 'abort'; readonly reason: unknown }

/** Retry this outcome? Answers at once: a promise is a TypeError. */
export type Condition<T = any> = (details: Details<T>) => boolean

/**
 * How long to wait, in ms; `undefined` once the strategy has run out. A pure function of the record. The marks say how the engine takes
 * the answer; a function without marks is waited as it says, and jittered only where `jitter` is given.
 */
export interface Wait<T = any> {
  /** `jitter` is given to a `composite` only: the call's own, for its members. Without it a strategy gives its plain value. */
  (details: Details<T>, jitter?: Jitter | null): number | undefined
  /** Spread by `fullJitter` where the call says nothing about jitter: the strategies of the original. */
  readonly spread?: boolean | undefined
  /** The wait is meant as given: it draws its own randomness, or speaks for somebody else. No jitter changes it. */
  readonly exact?: boolean | undefined
  /** It asks its members, and is given the call's jitter for them; exact for everybody else. */
  readonly composite?: boolean | undefined
  /** It runs out by `tries` alone, whatever the outcome: a call that waits by it needs no other bound. */
  readonly finite?: boolean | undefined
  /** Reads neither `elapsed` nor `duration`: nobody has to look at the clock for it. */
  readonly timeless?: boolean | undefined
}

/** Enough? Asked after an attempt that would be retried, once the wait is known. */
export type Stop<T = any> = (details: Details<T>) => boolean

/** Spreads a wait: ms in, ms out. */
export type Jitter = (wait: number) => number

/** Watches one moment of a call. A promise it returns is awaited; what it throws ends the call. */
export type Handler<Facts = Details<any>> = (details: Facts) => unknown

/** One handler, or several: told in order. */
export type Handlers<Facts> = Handler<Facts> | readonly Handler<Facts>[]

/** What an operation receives. Operations need `tries` and `signal`; the rest is for plugins. */
export interface Attempt {
  /** Which attempt of the call this is; the first is 1. */
  readonly tries: number
  /** Which copy of that attempt, where a plugin runs several of it, as hedging does; the first, and the only one, is 1. */
  readonly copy: number
  /** Whether the call blocks (`retrySync`): nobody can wait in it, so a plugin has to decide at once. */
  readonly sync: boolean
  /**
   * Aborts when the caller's signal does, when this attempt's time or the call's `maxTime` has passed, or when another
   * hedged copy has won. Also when this attempt has returned a value that is not the result, and a further attempt begins or an error in
   * one of the caller's callbacks ends the call. Fresh for each attempt, and made when first read.
   */
  readonly signal: AbortSignal
  /** The facts of the call as they stand, with the `call` identity that every hook sees. */
  readonly details: Details
  /** The plugins of the call, outermost first: who has to be told of a plugin's own events. */
  readonly plugins: readonly Plugin[]
  /** When the call's `maxTime` will have passed, in ms of the clock: who knows to be later need not begin. Absent where there is no bound. */
  readonly deadline?: number | undefined
  /** Whether it has been aborted: known without making a signal. */
  readonly aborted: boolean
  /** Why it has been aborted; `undefined` until then. */
  readonly reason: unknown
  /**
   * Calls the listener once, with the reason, when this attempt is aborted, at once if it already is; which is cheaper than a listener
   * on `signal`. Returns its undo.
   */
  whenAborted(listener: (reason: unknown) => void): () => void
  /** Aborts this attempt alone: its signal, and all that was forked from it. The first reason stays. */
  abort(reason: unknown): void
}

/** A unit of work: the caller's function, or a plugin already around it. */
export type Operation<T> = (attempt: Attempt) => T | PromiseLike<T>

/**
 * What a plugin can watch. Open to declaration merging: a plugin that has events of its own adds them here.
 * A call that has begun its first attempt ends in exactly one of `onSuccess`, `onGiveup` and `onAbort`. The caller's own handlers of a moment
 * come first, and are waited for: if one of them ends the call, there is nothing to tell. But of the end plugins are told at once, whatever those do.
 */
export interface Hooks {
  /** Before each attempt. */
  onAttempt?(details: Details): unknown
  /** Right before the operation runs, after `onAttempt`. */
  before?(details: Details): unknown
  /** After each attempt, before anything is decided. */
  after?(details: Outcome): unknown
  /** The call has succeeded. */
  onSuccess?(details: SuccessDetails): unknown
  /** Before each wait. */
  beforeSleep?(details: BackoffDetails): unknown
  /** Before each wait, after `beforeSleep`. */
  onBackoff?(details: BackoffDetails): unknown
  /** The call has failed: no further attempt will come. `end` says why. */
  onGiveup?(details: GiveupDetails): unknown
  /** The call was cut off (`reason`): by its caller's signal, by leaving a loop or a scope, or by an error in one of the caller's own callbacks. */
  onAbort?(details: AbortDetails): unknown
}

/** Joins calls: may wrap attempts, watch, stop a call, or do all three. */
export interface Plugin extends Hooks {
  /**
   * Goes around each attempt; asked once a call, so that what belongs to one call can live in its closure. What it
   * returns may refuse the attempt (throw without calling `next`), time it, or run it more than once.
   */
  wrap?<T>(next: Operation<T>): Operation<T>
  /**
   * One more reason to give up, asked before the wait: `true` ends the call as a stop, `'refused'` as a retry that was refused. `plugins` are those
   * of the call: who has to be told of it.
   */
  stop?(details: BackoffDetails, plugins: readonly Plugin[]): boolean | 'refused'
  /** When it joins every call with `use()`: stands inside the plugins of the call, next to the operation, instead of outside. */
  readonly innermost?: boolean
  /** Its `wrap` reads neither `elapsed` nor `duration` of `attempt.details`: nobody has to look at the clock for it. */
  readonly timeless?: boolean
}

/** A class of errors: an abstract one, and one with a private constructor, too. A plain function is none. */
export type ErrorClass = (abstract new (...args: any) => unknown) | NewableFunction

/**
 * How to retry. Every part is optional; an explicit `undefined` is the same as absent. What cannot be used is refused when it is given: a
 * TypeError or RangeError names the option, the value and what is allowed.
 *
 * `T` is what an attempt gives. `Raises` and `Instead` are found by the compiler: a literal `raiseOnGiveup: false` and the result of
 * `retryErrorCallback` become part of what a call gives. In a variable declared as `Options<T>` they are not known, and a call gives `T`.
 *
 * @example
 * const options: Options<Response> = { wait: expo(), maxTries: 5, predicate: (response) => response.status === 503 }
 */
export interface Options<T = any, Raises extends boolean = boolean, Instead = any> {
  /** Between attempts: a strategy, a number (ms, the same each time) or a list of numbers (ms, one after the other, then give up). Default `expo()`: 1, 2, 4 … seconds. */
  wait?: Wait<T> | number | readonly number[] | undefined
  /**
   * Spreads every wait that is not `exact`; `null` for none. Default: `fullJitter` for the strategies that are marked `spread` (`expo`, `constant`,
   * `fibo`, `decay`, `waitIncrementing`), none for what you write out yourself: a number, a list, a function of your own.
   */
  jitter?: Jitter | null | undefined
  /** Error class or classes to retry, by `instanceof`; any other error is thrown at once. Default: all, unless a `predicate` is given. */
  exception?: ErrorClass | readonly ErrorClass[] | undefined
  /** Retries a returned value for which it says `true`. Answers at once: a promise is a TypeError. Default: no value is retried. */
  predicate?: ((value: T) => boolean) | undefined
  /** Decides alone whether an outcome is retried, instead of `exception` and `predicate`, and also of an error that carries `retryable: false`. Default none. */
  condition?: Condition<T> | undefined
  /** Asked about an exception that would be retried: `true` gives up; a number is the exact wait (ms); anything else goes on. Default none. */
  giveup?: ((exception: any) => boolean | number | undefined | null) | undefined
  /** Runs in all, the first included: an integer of 1 or more, or `Infinity`; or a function asked once a call. Default 3, unless `maxTime` or `stop` is given or the wait runs out (a list). */
  maxTries?: number | (() => number) | undefined
  /**
   * Bound on the whole call, in ms, waits included; or a function asked once a call. An attempt that is running then is aborted, and the call
   * rejects with a TimeoutError; a wait that would reach it is not begun. When it passes between two attempts, or while `after` is told, the
   * last outcome stands: a success is one, and what would have been retried is given up on. Default none.
   */
  maxTime?: number | (() => number) | undefined
  /** One more reason to give up: asked after an outcome that would be retried. Default none. */
  stop?: Stop<T> | undefined
  /** Cuts the call short: it rejects at once with the identical `signal.reason`, during an attempt and during a wait. Default none. */
  signal?: AbortSignal | undefined
  /** Sleeps instead of the built-in timer: ms in, a promise out (nothing, in a synchronous call). Default: the clock's timer. */
  sleep?: ((ms: number, signal?: AbortSignal) => unknown) | undefined
  /** How the call is named in records, logs and metrics. Default: the function's own name. */
  name?: string | undefined
  /** Plugins of this call; the first is outermost. Default none. */
  use?: readonly Plugin[] | undefined
  /** `false` runs the operation once, with no plugin, no handler and no bound. Default `true`. */
  enabled?: boolean | undefined
  /** Before each attempt. As every handler of a call it is awaited when it returns a promise, and what it throws ends the call. */
  onAttempt?: Handlers<Details<T>> | undefined
  /** Right before the operation runs, after `onAttempt`. */
  before?: Handlers<Details<T>> | undefined
  /** After each attempt, before anything is decided: its `value` or `exception`, and its `duration` (ms). */
  after?: Handlers<Outcome<T>> | undefined
  /** The call has succeeded: `value`. */
  onSuccess?: Handlers<SuccessDetails<T>> | undefined
  /** Before each wait: `wait` (ms) is decided. */
  beforeSleep?: Handlers<BackoffDetails<T>> | undefined
  /** Before each wait, after `beforeSleep`: `wait` (ms) is decided. */
  onBackoff?: Handlers<BackoffDetails<T>> | undefined
  /** The call has failed, and no further attempt will come: `end` says why. An abort meanwhile changes nothing about that, but nobody waits for the handler any longer. */
  onGiveup?: Handlers<GiveupDetails<T>> | undefined
  /** Its result is the call's result when the call gives up on an outcome it would have retried; what it throws, the call throws. A promise is awaited; an abort meanwhile rejects with its reason. Default none. */
  retryErrorCallback?: ((details: GiveupDetails<T>) => Instead) | undefined
  /** `false` gives `undefined` instead of throwing the exception that was given up on. An exception that was never to be retried is thrown all the same. Default `true`. */
  raiseOnGiveup?: Raises | undefined
}

type IsAny<T> = 0 extends 1 & T ? true : false

/**
 * What a call gives whose attempts give `T`: that, or the result of its `retryErrorCallback`, or `undefined` where `raiseOnGiveup` is a
 * literal `false`.
 */
export type Answer<T, Raises extends boolean = boolean, Instead = any> =
  | T
  // `infer`, so that what the result is assigned to is no evidence of what the callback gives.
  | (IsAny<Instead> extends false ? ([Instead] extends [infer Given] ? Awaited<Given> : never) : [Raises] extends [false] ? undefined : never)

/** What a synchronous operation may return: anything but a promise. */
export type Synchronous<T> = T extends PromiseLike<unknown> ? 'a promise cannot be waited for in a synchronous call: use the form without Sync' : T

/** Any function at all. */
export type AnyFunction = (...args: any) => any

/**
 * A function around which a retry has been put: its own type, type parameters and overloads included, where it returned a promise of the same
 * already; otherwise with a promise in place of its result.
 */
export type Promised<Fn extends AnyFunction, Raises extends boolean = boolean, Instead = any> =
  Kept<ReturnType<Fn>, Promise<Answer<Awaited<ReturnType<Fn>>, Raises, Instead>>> extends true
    ? Fn
    : (this: ThisParameterType<Fn>, ...args: Parameters<Fn>) => Promise<Answer<Awaited<ReturnType<Fn>>, Raises, Instead>>

/** Whether what is returned may go on being called what it was. */
type Kept<Was, Is> = IsAny<Was> extends true ? true : [Was] extends [PromiseLike<unknown>] ? (Is extends Was ? true : false) : false

/** A function that retries: called as the one it wraps. */
export type Retried<Fn extends AnyFunction, Raises extends boolean = boolean, Instead = any> = Promised<Fn, Raises, Instead> & {
  /** The same function with some options replaced; an explicit `undefined` leaves one as it is. It is not bound: call a method's through `.call(object, …)`. */
  retryWith<NowRaises extends boolean = Raises, NowInstead = Instead>(
    overrides: Options<Awaited<ReturnType<Fn>>, NowRaises, NowInstead>,
  ): Retried<Fn, NowRaises, NowInstead>
}

/** As `Retried`, for a synchronous function: its own type, unless giving up gives something else. */
export type RetriedSync<Fn extends AnyFunction, Raises extends boolean = boolean, Instead = any> = (Answer<ReturnType<Fn>, Raises, Instead> extends ReturnType<Fn>
  ? Fn
  : (this: ThisParameterType<Fn>, ...args: Parameters<Fn>) => Answer<ReturnType<Fn>, Raises, Instead>) & {
  /** The same function with some options replaced; an explicit `undefined` leaves one as it is. It is not bound: call a method's through `.call(object, …)`. */
  retryWith<NowRaises extends boolean = Raises, NowInstead = Instead>(
    overrides: Options<ReturnType<Fn>, NowRaises, NowInstead>,
  ): RetriedSync<Fn, NowRaises, NowInstead>
}

/** A function that returns no promise; of one that does, what is wrong with it. */
export type SynchronousFunction<Fn extends AnyFunction> =
  IsAny<ReturnType<Fn>> extends true
    ? Fn
    : [Extract<ReturnType<Fn>, PromiseLike<unknown>>] extends [never]
      ? Fn
      : 'this function returns a promise, which cannot be waited for in a synchronous call: use the form without Sync'

/** Where time comes from. */
export interface Clock {
  /** Monotonic ms. */
  now(): number
  /** Calls back once, after `ms`. Returns a handle for `clearTimeout`. */
  setTimeout(callback: () => void, ms: number): unknown
  /** Takes any handle that `setTimeout` gave, fired or not, and `undefined`. */
  clearTimeout(handle: any): void
  /** Lets `ms` pass in a synchronous call, instead of blocking the thread. */
  block?(ms: number): void
}

/** What an override can force: any option, and the two sources that nothing else in the library reads elsewhere. */
export interface Forced extends Options {
  /** Every reading of the time and every timer. */
  clock?: Clock | undefined
  /** Uniform in [0, 1). */
  random?: (() => number) | undefined
}

/** Forced options, or a function of the options of the call at hand (of none, when only time or randomness is asked). */
export type Override = Forced | ((options: Options) => Forced | undefined)

/** Takes back what a registration did. Safe to call twice, and in any order with others. */
export interface Undo extends Disposable {
  (): void
}

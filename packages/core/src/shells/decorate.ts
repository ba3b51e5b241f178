import { invalid } from '../check.ts'
import { share, type Shared } from '../engine/options.ts'
import { merge } from '../names.ts'
import { runShared } from './retry.ts'
import { runSync } from './retry-sync.ts'
import type { ErrorClass, Options } from '../types.ts'

type Runner = (policy: Shared, operation: () => any, target: Function, args: readonly unknown[]) => any

/** A function that retries: called as the one it wraps. */
export type Retried<This, Args extends readonly any[], Result> = {
  (this: This, ...args: Args): Result
  /** The same function with some options replaced. It is not bound: call a method's through `.call(object, …)`. */
  retryWith(overrides: Options<Awaited<Result>>): Retried<This, Args, Result>
}

/** Works on a function, as a TC39 method decorator and as a legacy (`experimentalDecorators`) one. */
export interface Decorator {
  <This, Args extends readonly any[], Result>(
    target: (this: This, ...args: Args) => Result,
    context?: ClassMethodDecoratorContext<This, any>,
  ): Retried<This, Args, Promise<Awaited<Result>>>
  <Method extends (...args: any[]) => PromiseLike<any>>(target: object, key: string | symbol, descriptor: TypedPropertyDescriptor<Method>): void
}

/** As `Decorator`, for synchronous functions. */
export interface SyncDecorator {
  <This, Args extends readonly any[], Result>(
    target: (this: This, ...args: Args) => Result,
    context?: ClassMethodDecoratorContext<This, any>,
  ): Retried<This, Args, Result>
  <Method extends (...args: any[]) => any>(target: object, key: string | symbol, descriptor: TypedPropertyDescriptor<Method>): void
}

const wrapFunction = (runner: Runner, policy: Shared, target: Function): Function => {
  if (typeof target !== 'function') invalid('target', 'a function or a method', target)
  const retried = function (this: unknown, ...args: unknown[]): unknown {
    return runner(policy, () => target.apply(this, args), target, args)
  }
  return Object.defineProperties(retried, {
    name: { value: target.name, configurable: true },
    length: { value: target.length, configurable: true },
    retryWith: { value: (overrides: Options) => wrapFunction(runner, share(merge(policy._options, overrides)), target), configurable: true },
  })
}

/**
 * Makes a decorator of whatever wraps a function: applied to a function it returns the wrapped one; as a TC39 method
 * decorator and as a legacy one it wraps the method. Throws a TypeError on anything that is no method.
 */
export const decorator =
  (wrap: (target: Function) => Function) =>
  (target: any, context?: any, descriptor?: PropertyDescriptor): any => {
    if (descriptor) return { ...descriptor, value: wrap(descriptor.value) }
    if (context !== undefined && context.kind !== 'method') invalid('target', 'a function or a method', context.kind ?? context)
    return wrap(target)
  }

const decorateWith = (runner: Runner, options: Options): any => {
  const policy = share(options)
  return decorator((target) => wrapFunction(runner, policy, target))
}

const isFalsy = (value: unknown): boolean => !value

/**
 * Makes a function retry on exceptions: `onException(expo(), [TypeError, TimeoutError], { maxTries: 5 })(fetchUser)`, or
 * `@onException(…)` above a method. The function keeps `this`, name, length and types, returns a promise, and has `.retryWith(overrides)`.
 */
export const onException = (wait: Options['wait'], exception?: Options['exception'], options?: Options): Decorator =>
  decorateWith(runShared, merge(merge({}, options), { wait, exception }))

/** As `onException`, for a synchronous function: it blocks while it waits, see `retrySync`. */
export const onExceptionSync = (wait: Options['wait'], exception?: ErrorClass | readonly ErrorClass[], options?: Options): SyncDecorator =>
  decorateWith(runSync, merge(merge({}, options), { wait, exception }))

/** Makes a function retry while `options.predicate` says `true` of its value; by default while the value is falsy. */
export const onPredicate = (wait: Options['wait'], options?: Options): Decorator =>
  decorateWith(runShared, merge(merge({ predicate: isFalsy }, options), { wait }))

/** As `onPredicate`, for a synchronous function: it blocks while it waits, see `retrySync`. */
export const onPredicateSync = (wait: Options['wait'], options?: Options): SyncDecorator =>
  decorateWith(runSync, merge(merge({ predicate: isFalsy }, options), { wait }))

import { invalid } from '../check.ts'
import { share, type Shared } from '../engine/options.ts'
import { checkTarget } from '../engine/target.ts'
import { merge } from '../names.ts'
import { keep } from './keep.ts'
import { runShared } from './retry.ts'
import { runSync } from './retry-sync.ts'
import type { Answer, AnyFunction, Options, Promised, Retried, RetriedSync, SynchronousFunction } from '../types.ts'

/** Works on a function, as a TC39 method decorator and as a legacy (`experimentalDecorators`) one. */
export interface Decorator<Raises extends boolean = boolean, Instead = any> {
  <Fn extends AnyFunction>(target: Fn, context?: ClassMethodDecoratorContext<any, any>): Retried<Fn, Raises, Instead>
  <Fn extends AnyFunction>(
    target: object,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<Fn>,
  ): Promised<Fn, Raises, Instead> extends Fn ? void : TypedPropertyDescriptor<Promised<Fn, Raises, Instead>>
}

/** As `Decorator`, for synchronous functions. */
export interface SyncDecorator<Raises extends boolean = boolean, Instead = any> {
  <Fn extends AnyFunction>(target: SynchronousFunction<Fn>, context?: ClassMethodDecoratorContext<any, any>): RetriedSync<Fn, Raises, Instead>
  <Fn extends AnyFunction>(
    target: object,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<SynchronousFunction<Fn>>,
  ): Answer<ReturnType<Fn>, Raises, Instead> extends ReturnType<Fn> ? void : TypedPropertyDescriptor<(...args: Parameters<Fn>) => Answer<ReturnType<Fn>, Raises, Instead>>
}

type Runner = (policy: Shared, operation: () => unknown, target: Function, args: readonly unknown[]) => unknown

const wrapFunction = (runner: Runner, policy: Shared, target: Function): Function => {
  // A method has no `prototype` of its own, and cannot be called with `new`.
  // oxlint-disable-next-line typescript/unbound-method -- it is called on whatever the wrapper is called on
  const { retried } = {
    retried(this: unknown, ...args: unknown[]): unknown {
      return runner(policy, () => Reflect.apply(target, this, args), target, args)
    },
  }
  const retryWith = (overrides: Options): Function => wrapFunction(runner, share(merge(policy._options, overrides)), target)
  return keep(Object.defineProperty(retried, 'retryWith', { value: retryWith, writable: true, configurable: true }), target)
}

/** Says of what is decorated that it is no method, and what to write instead. */
const refuse = (kind: unknown, name: PropertyKey = ''): never => {
  const instead =
    kind === 'field' || kind === 'accessor'
      ? `write "${String(name)} = onException(…)(async () => …)" instead, with what stands behind the @`
      : kind === 'class'
        ? 'decorate its methods'
        : 'move what it does into a method, and decorate that'
  throw new TypeError(`target must be a function or a method; got a ${String(kind)}: ${instead}`)
}

/** A function that was frozen has a read-only prototype too. */
const isClass = (target: object): boolean =>
  Object.getOwnPropertyDescriptor(target, 'prototype')?.writable === false && /^class\b/.test(Function.prototype.toString.call(target))

const kindOfField = (descriptor: unknown): string =>
  typeof descriptor === 'number' ? 'parameter' : descriptor && ('get' in Object(descriptor) || 'set' in Object(descriptor)) ? 'getter' : 'field'

/**
 * Makes a decorator of whatever wraps a function: applied to a function it returns the wrapped one; as a TC39 method decorator and as a
 * legacy one it wraps the method. The wrapper keeps name, length, own properties and metadata of its target, which is its prototype.
 * Throws a TypeError, when it is applied, on a generator function and on anything that is no function and no method.
 *
 * @example
 * const twice = decorator((fn) => (...args: unknown[]) => [fn(...args), fn(...args)])
 * twice((n: number) => n + 1)(1) // [2, 2]
 */
export const decorator = (wrap: (target: Function) => Function): any => {
  const wrapped = (target: any): Function => {
    checkTarget(target, 'target', 'a function or a method')
    if (isClass(target)) refuse('class')
    return keep(wrap(target), target)
  }
  return (target: unknown, context?: any, descriptor?: PropertyDescriptor): unknown => {
    if (typeof context === 'string' || typeof context === 'symbol') {
      const method = typeof descriptor?.value === 'function' ? descriptor.value : refuse(kindOfField(descriptor), context)
      return { ...descriptor, value: wrapped(method) }
    }
    if (context === undefined || context?.kind === 'method') return wrapped(target)
    return typeof context?.kind === 'string' ? refuse(context.kind, context.name) : invalid('the context of a decorator', 'what the runtime gives it', context)
  }
}

const decorateWith = (runner: Runner, options: Options = {}, given: Options): any => {
  const policy = share(merge(options, given))
  return decorator((target) => wrapFunction(runner, policy, target))
}

const isFalsy = (value: unknown): boolean => !value

/**
 * Makes a function retry on exceptions: `onException(expo(), [TypeError, TimeoutError], { maxTries: 5 })(fetchUser)`, or `@onException(…)`
 * above a method. `wait` and `exception` are those of the options; an explicit `undefined` is the same as absent.
 *
 * The function keeps `this`, name, length, own properties, metadata and type, returns a promise that settles as that of `retry` does, and has
 * `.retryWith(overrides)`. Throws a TypeError or RangeError for unusable options, and a TypeError for a generator function.
 *
 * @example
 * const load = onException(expo(), TypeError, { maxTries: 5 })(async (url: string) => (await fetch(url)).json())
 *
 * class Users {
 *   \@onException(expo())
 *   async get(id: number): Promise<User> { … }
 * }
 */
export const onException = <Raises extends boolean = boolean, Instead = any>(
  wait?: Options['wait'],
  exception?: Options['exception'],
  options?: Options<any, Raises, Instead>,
): Decorator<Raises, Instead> => decorateWith(runShared, options, { wait, exception })

/**
 * As `onException`, for a synchronous function: it blocks the thread while it waits, see `retrySync`.
 *
 * @example
 * const parse = onExceptionSync(100, SyntaxError)((file: string) => JSON.parse(readFileSync(file, 'utf8')))
 */
export const onExceptionSync = <Raises extends boolean = boolean, Instead = any>(
  wait?: Options['wait'],
  exception?: Options['exception'],
  options?: Options<any, Raises, Instead>,
): SyncDecorator<Raises, Instead> => decorateWith(runSync, options, { wait, exception })

/**
 * Makes a function retry while `options.predicate` says `true` of its value; by default while the value is falsy. Exceptions are thrown at
 * once, unless `options.exception` lists them. Otherwise as `onException`.
 *
 * @example
 * const ready = onPredicate(constant(500), { maxTime: 30_000 })(async () => (await fetch(url)).ok)
 */
export const onPredicate = <Raises extends boolean = boolean, Instead = any>(
  wait?: Options['wait'],
  options?: Options<any, Raises, Instead>,
): Decorator<Raises, Instead> => decorateWith(runShared, options, { wait, predicate: options?.predicate ?? isFalsy })

/**
 * As `onPredicate`, for a synchronous function: it blocks the thread while it waits, see `retrySync`.
 *
 * @example
 * const unlocked = onPredicateSync(50, { maxTries: 20 })(() => !existsSync('lock'))
 */
export const onPredicateSync = <Raises extends boolean = boolean, Instead = any>(
  wait?: Options['wait'],
  options?: Options<any, Raises, Instead>,
): SyncDecorator<Raises, Instead> => decorateWith(runSync, options, { wait, predicate: options?.predicate ?? isFalsy })

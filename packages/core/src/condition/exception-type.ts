import { invalid } from '../check.ts'
import type { Condition, ErrorClass } from '../types.ts'
import { ofExceptions } from './side.ts'

const isNamed = (at: object | null, name: string): boolean =>
  at !== null && (at.constructor?.name === name || isNamed(Object.getPrototypeOf(at), name))

/**
 * Says whether an error is of one of the types, subclasses included. An Error of another realm (an iframe, a `vm` context)
 * is no instance of anything here, so it matches by the names of its classes. What throws when it is looked at is of no type.
 */
export const isInstance = (error: unknown, types: readonly ErrorClass[]): boolean =>
  types.some((type) => {
    try {
      return (
        error instanceof type ||
        (!(error instanceof Error) && {}.toString.call(error) === '[object Error]' && !!type.name && isNamed(error as object, type.name))
      )
    } catch {
      return false
    }
  })

/** Checks that `instanceof` can be asked of it. */
export const checkClass = (type: any): void => {
  if (typeof type === 'function' && (type.prototype || Object.hasOwn(type, Symbol.hasInstance))) return
  const hint = typeof type === 'string' ? ' (a class, not its name)' : typeof type === 'function' ? ' (a function that decides is a condition)' : ''
  invalid('exception', `an error class or several${hint}`, type)
}

/** Checks error classes, given one by one or as a list: one or more. */
export const errorClasses = (types: readonly (ErrorClass | readonly ErrorClass[])[]): readonly ErrorClass[] => {
  const classes = types.flat() as readonly ErrorClass[]
  for (const type of classes.length ? classes : [undefined]) checkClass(type)
  return classes
}

/** Error classes: one by one, or a list of them. */
export type ErrorClasses = readonly ErrorClass[] | readonly [readonly ErrorClass[]]

/**
 * Retries exceptions of the given classes (one by one or as a list) and of their subclasses; an Error of another realm
 * matches by name. Never a returned value. Throws for an empty list and for what is no class.
 *
 * @example
 * retry(load, { condition: retryIfExceptionType(TypeError, TimeoutError) })
 */
export const retryIfExceptionType = (...types: ErrorClasses): Condition => {
  const classes = errorClasses(types)
  return ofExceptions((exception) => isInstance(exception, classes))
}

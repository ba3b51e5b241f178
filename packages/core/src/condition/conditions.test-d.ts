import type { Condition, Options } from '../types.ts'
import { retryAll } from './all.ts'
import { retryAny } from './any.ts'
import { retryIfExceptionCause } from './exception-cause.ts'
import { retryIfExceptionMessage } from './exception-message.ts'
import { retryIfExceptionType } from './exception-type.ts'
import { retryIfException } from './exception.ts'
import { retryIfNotExceptionType } from './not-exception-type.ts'
import { retryNot } from './not.ts'
import { retryIfResult } from './result.ts'

class Fatal extends Error {
  constructor(readonly code: number) {
    super()
  }
}

class Private extends Error {
  private constructor() {
    super()
  }
  static readonly make = () => new Private()
}
class Protected extends Error {
  protected constructor() {
    super()
  }
}
abstract class Abstract extends Error {
  abstract readonly code: number
}
class Generic<T> extends Error {
  constructor(readonly of: T) {
    super()
  }
}

// Must compile.
export const options: Options[] = [
  { exception: Private },
  { exception: [Private, Protected, Abstract, Generic, TypeError] },
  { exception: [Private, Abstract] as const },
  { exception: Error },
]
export const conditions: Condition[] = [
  retryIfExceptionType(Fatal, TypeError),
  retryIfExceptionType([Fatal, TypeError]),
  retryIfExceptionCause(DOMException),
  retryIfExceptionMessage(/x/),
  retryIfExceptionType(Private, Protected, Abstract, Generic, Error, DOMException, AggregateError),
  retryIfNotExceptionType([Private, Abstract]),
  retryAny(retryIfException((error) => error.code === 5), retryNot(retryAll())),
]
export const typed: Condition<number> = retryIfResult<number>((value) => value > 5)

// Must not.
// @ts-expect-error the class, not its name
export const byName: Options = { exception: 'Error' }
// @ts-expect-error no function, even one that answers for errors
export const byFunction: Options = { exception: (error: Error) => error.message === 'x' }
// @ts-expect-error no function without arguments either
export const byYes: Options = { exception: () => true }
// @ts-expect-error the class, not an error
export const byError: Options = { exception: Private.make() }
// @ts-expect-error the class, not a list of errors
export const byErrors: Options = { exception: [Fatal, new Fatal(5)] }
// @ts-expect-error the class, not a method that makes one
retryIfExceptionType(Private.make)
// @ts-expect-error the class, not an error
retryIfExceptionType(new Fatal(5))
// @ts-expect-error the class, not its name
retryIfExceptionType('Fatal')
// @ts-expect-error one by one or as a list, not both
retryIfExceptionType([Fatal], TypeError)
// @ts-expect-error the class, not an error
retryIfExceptionCause([new Fatal(5)])
// @ts-expect-error needs a pattern
retryIfExceptionMessage()
// @ts-expect-error no number
retryIfExceptionMessage(503)
// @ts-expect-error a predicate does not give a promise
retryIfException(async () => true)
// @ts-expect-error a number is no string
retryIfResult<number>((value) => value.length > 5)
// @ts-expect-error no list
retryAny([retryAll()])
// @ts-expect-error one condition
retryNot()

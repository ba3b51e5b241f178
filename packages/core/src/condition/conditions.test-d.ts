import type { Condition } from '../types.ts'
import { retryAll } from './all.ts'
import { retryAny } from './any.ts'
import { retryIfExceptionCause } from './exception-cause.ts'
import { retryIfExceptionMessage } from './exception-message.ts'
import { retryIfExceptionType } from './exception-type.ts'
import { retryIfException } from './exception.ts'
import { retryNot } from './not.ts'
import { retryIfResult } from './result.ts'

class Fatal extends Error {
  constructor(readonly code: number) {
    super()
  }
}

// Must compile.
export const conditions: Condition[] = [
  retryIfExceptionType(Fatal, TypeError),
  retryIfExceptionType([Fatal, TypeError]),
  retryIfExceptionCause(DOMException),
  retryIfExceptionMessage(/x/),
  retryAny(retryIfException((error) => error.code === 5), retryNot(retryAll())),
]
export const typed: Condition<number> = retryIfResult<number>((value) => value > 5)

// Must not.
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

import type { Wait } from '../types.ts'
import { waitChain } from './chain.ts'
import { constant } from './constant.ts'
import { decay } from './decay.ts'
import { waitException } from './exception.ts'
import { expo } from './expo.ts'
import { waitIncrementing } from './incrementing.ts'
import { waitNone } from './none.ts'
import { waitRandom } from './random.ts'
import { retryAfter } from './retry-after.ts'
import { runtime } from './runtime.ts'
import { waitSum } from './sum.ts'

interface Page {
  next: number
}

// Must compile.
export const waits: Wait[] = [
  expo(),
  expo({ base: 2, maxValue: undefined }),
  constant(5),
  constant([1, 2] as const),
  runtime((error) => error.retryIn),
  waitChain([1, 2], expo(), 5),
  waitSum(waitRandom(), waitNone()),
  retryAfter({ fallback: [1, 2], jitter: null }),
  (details) => (details.tries > 3 ? undefined : details.previousWait * 2),
]
export const typed: Wait<Page> = runtime<Page>((_, details) => details.value?.next)
export const typedSum: Wait<Page> = waitSum<Page>(typed, 5)

// Must not.
// @ts-expect-error no number of ms in place of options
expo(5)
// @ts-expect-error no such option
expo({ max: 5 })
// @ts-expect-error no string
expo({ factor: '5' })
// @ts-expect-error no string
constant('5')
// @ts-expect-error no list of strings
constant(['5'])
// @ts-expect-error a decay factor is a number
decay({ decayFactor: null })
// @ts-expect-error no options
waitNone({})
// @ts-expect-error no such option
waitIncrementing({ step: 5 })
// @ts-expect-error needs a function
runtime()
// @ts-expect-error says how long, in ms
runtime(() => 'soon')
// @ts-expect-error does not wait for a promise
waitException(async () => 5)
// @ts-expect-error no list of waits
waitChain([expo(), 5])
// @ts-expect-error no string
waitSum(5, '5')
// @ts-expect-error a jitter gives ms
retryAfter({ jitter: () => '5' })
// @ts-expect-error a strategy is not changed
expo().exact = true

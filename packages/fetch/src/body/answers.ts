import { clock, type Details } from '@backon/core'
import type { Call } from '../call.ts'
import { drain } from './drain.ts'
import { ResponseError } from '../verdict/error.ts'
import { callOf } from '../failures.ts'

/** Lets the answers of a call go that will not be handed out. */
export const letGo = (call: Call, except?: unknown): void => {
  for (const answer of call._answers) {
    const { _controller, _gone, _result } = answer
    if (_gone || _result === except) continue
    answer._gone = true
    void drain(_result instanceof ResponseError ? _result.response : _result, _controller, call._deadline - clock().now())
  }
}

/** Once a wait has begun, the answer before it will not be handed out; unless somebody else has forced the wait, and nothing is sent after it. */
export const letGoAfter = ({ exception }: Details): void => {
  const call = callOf(exception)
  if (call) letGo(call)
}

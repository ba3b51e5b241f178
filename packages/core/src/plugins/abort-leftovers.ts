import { fork } from '../engine/attempt.ts'
import { isThenable } from '../thenable.ts'
import type { Plugin } from '../types.ts'

/**
 * Ends what an attempt leaves behind: once it has failed with an exception, the signal that the operation was given aborts, with an AbortError.
 * For operations that await together what they start together: of three requests in a `Promise.all`, the two others end when one has failed,
 * instead of running on beside the next attempt. Not for operations that start several things and await them one by one: what is then
 * aborted before it is awaited rejects with nobody listening, which ends a Node process.
 *
 * Plugins around it see an attempt that failed, and none that was aborted. An attempt that returns a value is left alone. The body of a
 * response that is part of the error is cut off too, after the last attempt as well: read it before you throw, or use `createFetch`, whose answers can be read.
 *
 * @example
 * retry(({ signal }) => Promise.all(urls.map((url) => load(url, { signal }))), { use: [abortLeftovers()] })
 */
export const abortLeftovers = (): Plugin => ({
  timeless: true,
  wrap: (next) => (attempt) => {
    const child = fork(attempt)
    const fail = (error: unknown): never => {
      // An attempt of its own, because the one outside is still to be judged: an aborted one is no evidence for anybody.
      child.abort(new DOMException(`attempt ${attempt.tries} has failed, and ends what it had started`, 'AbortError'))
      throw error
    }
    try {
      const result = next(child)
      return isThenable(result) ? Promise.resolve(result).catch(fail) : result
    } catch (error) {
      return fail(error)
    }
  },
})

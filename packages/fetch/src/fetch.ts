import { TimeoutError } from '@backon/core'
import { invalid, prepared } from '@backon/core/kit'
import { letGo } from './body/answers.ts'
import { send } from './attempt.ts'
import { type Call, ofRequest, open } from './call.ts'
import { ResponseError } from './verdict/error.ts'
import { listen } from './verdict/hop.ts'
import { handOut } from './body/lifetime.ts'
import { settingsOf } from './options.ts'
import type { Settings } from './settings.ts'
import type { FetchOptions, RetryingFetch } from './types.ts'

/** Runs a call. What is the same in all calls is prepared; plugins that depend on the request, and a `maxTime` that is asked for, are of one call. */
const attempts = (call: Call): Promise<Response> => {
  const { _facts, _maxTime, _name, _settings, _signal } = call
  const { base, use } = _settings
  const run = _settings.run ?? prepared({ ...base, maxTime: _maxTime, use: ofRequest(use, _facts) })
  return run((attempt) => send(call, attempt), { name: _name, signal: _signal })
}

/** An answer that failed comes out as what it is: an answer. */
const conclude = (call: Call, error: unknown): Response => {
  const last = call._answers.find(({ _result }) => _result === error)
  if (error instanceof ResponseError && !last?._gone) {
    letGo(call, error)
    return last ? handOut(error.response, last._controller, call) : error.response
  }
  for (const { _controller } of call._answers) _controller.abort(error)
  // Its body is gone; only a deadline that has passed in a wait comes to this.
  throw last ? new TimeoutError(`${call._name()}: no result within maxTime, ${call._maxTime} ms`, { cause: error }) : error
}

/**
 * Makes a `fetch` that survives: it has the type of `fetch`, and resolves with the very `Response` of the last attempt, whatever its status. It rejects with what `fetch` rejects with, with
 * the identical `signal.reason`, with a `TimeoutError`, or with the error of a plugin (an open circuit).
 *
 * A request that may run twice is retried after lost connections, timeouts, 408, 429 and 5xx; any other only where it is certain that nothing was processed. Default: three attempts,
 * 10 s each. Throws a TypeError or RangeError for unusable options.
 *
 * @example
 * const http = createFetch({ maxTries: 4, maxTime: 30_000 })
 * const response = await http('https://api.example.com/users/1', { signal })
 */
export const createFetch = (options: FetchOptions = {}): RetryingFetch => {
  const settings = settingsOf(options)
  const own = { ...options }
  listen()
  const settingsFor = (retry: any): Settings => {
    if (retry === false) retry = { maxTries: 1 }
    if (Object(retry) !== retry) invalid('retry', 'an object or false', retry)
    const all: any = { ...own }
    for (const name in retry) if (retry[name] !== undefined) all[name] = retry[name]
    return settingsOf(all, true)
  }

  return async (input, init) => {
    const call = open(init?.retry === undefined ? settings : settingsFor(init.retry), input, init)
    try {
      const response = await attempts(call)
      if (call._answers.length > 1) letGo(call, response)
      return response
    } catch (error) {
      return conclude(call, error)
    }
  }
}

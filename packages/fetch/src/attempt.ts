import { type Attempt, clock, type Details, TimeoutError } from '@backon/core'
import { longest } from '@backon/core/kit'
import { isRequest, isStream } from './bodies.ts'
import { inBrowser } from './browser.ts'
import { type Call, isHedgeable } from './call.ts'
import { drain } from './drain.ts'
import { ResponseError } from './error.ts'
import { handOut, keep } from './lifetime.ts'
import { ruleOf } from './network.ts'
import type { Rule } from './types.ts'

/** Whose failure an error is, and whether the request may be sent again. Beside the errors, not in them: who prints one wants to see an error. */
const failures = /* @__PURE__ */ new WeakMap<object, { readonly _call: Call; readonly _again: boolean }>()

/** Whether `retry` may go on after this error. A refusal by another layer (a full limit) says that nothing was sent. */
export const isRepeatable = (error: any): boolean => failures.get(Object(error))?._again ?? (error?.refused === true && error.retryable !== false)

/** Lets the answers of a call go that will not be handed out. */
export const letGo = (call: Call, except?: unknown): void => {
  for (const answer of call._answers) {
    const { _controller, _gone, _result } = answer
    if (_gone || _result === except) continue
    answer._gone = true
    void drain(_result instanceof ResponseError ? _result.response : _result, _controller, call._deadline === Infinity ? Infinity : call._deadline - clock().now())
  }
}

/** Once a wait has begun, the answer before it will not be handed out; unless somebody else has forced the wait, and nothing is sent after it. */
export const letGoAfter = ({ exception }: Details): void => {
  const failure = failures.get(Object(exception))
  if (failure?._again) letGo(failure._call)
}

const allowed = ({ _facts, _headers, _oneShot }: Call, rule: Rule | undefined): boolean =>
  !_oneShot && (rule === 'always' || (rule === 'idempotent' && _facts.idempotent) || (rule === 'key' && !!_headers))

/** What `fetch` is called with in this attempt. */
const initOf = ({ _headers, _init, _input, _settings }: Call, { tries, copy }: Attempt, body: unknown, signal: AbortSignal): any => {
  const { attemptHeader } = _settings
  const request = _input as Request
  const init: any = { ..._init, signal }
  if (_headers) init.headers = _headers
  if (attemptHeader && tries > 1) {
    init.headers = new Headers(init.headers ?? request.headers)
    init.headers.set(attemptHeader, String(tries - 1))
  }
  if (body !== undefined) init.body = body
  if (isStream(init.body)) init.duplex ??= 'half'
  // A browser's cache would make the second copy wait for the first. Elsewhere it would bypass a CDN.
  if (copy > 1 && inBrowser() && (init.cache ?? request.cache ?? 'default') === 'default') init.cache = 'no-store'
  return init
}

/** Makes the body, where that is asked for, and sends it. Settles when the headers are there, the attempt is aborted or its time is up. */
const run = (call: Call, attempt: Attempt): Promise<Response> =>
  new Promise((resolve, reject) => {
    const { _body, _input, _name, _oneShot, _settings, _signal } = call
    const { statuses, errors, narrow, fetch = globalThis.fetch } = _settings
    call._busy++
    const controller = new AbortController()
    const time = clock()
    let timer: unknown
    let over = false
    /** Its answer has failed, and may still be handed out. */
    let open = false

    const end = (): void => {
      over = true
      call._busy--
      time.clearTimeout(timer)
    }

    const fail = (error: unknown, rule: Rule | undefined): void => {
      let again = false
      try {
        again = allowed(call, rule) && narrow(error)
      } catch (fault) {
        error = fault
      }
      if (!again) call._final = { _error: error }
      if (Object(error) === error) failures.set(error as object, { _call: call, _again: again })
      reject(error)
    }

    const lose = (error: unknown): void => {
      if (over) return
      end()
      let rule
      try {
        rule = ruleOf(error, errors)
      } catch {
        // An error that throws when it is looked at is none of the network.
      }
      fail(error, rule)
    }

    const answer = (response: Response): void => {
      // It came after all, from a fetch that does not listen to its signal.
      if (over) return void drain(response, controller, 0)
      try {
        const rule = statuses[response?.status] ?? (response?.status >= 500 ? 'never' : undefined)
        const failed = rule && (rule !== 'key' || call._headers)
        const result = failed ? new ResponseError(response, _name, allowed(call, rule)) : handOut(response, controller, call)
        if (response?.body) {
          keep(response.body, controller, attempt, call)
          call._answers.push({ _result: result, _controller: controller, _gone: false })
        }
        end()
        if (!(result instanceof ResponseError)) return resolve(result)
        open = true
        fail(result, rule)
      } catch (error) {
        lose(error)
      }
    }

    attempt.whenAborted((reason) => {
      lose(reason)
      // The other layers have done with what has failed, and abort it. The caller has not.
      if (!open || _signal?.aborted) controller.abort(reason)
    })
    if (over) return

    // A body that came too late is given to fetch all the same, which closes it.
    const start = (body?: unknown): void => {
      try {
        const init = initOf(call, attempt, body, controller.signal)
        const { timeout = _oneShot || isStream(init.body) ? Infinity : 10_000 } = _settings
        if (timeout <= longest && !over) {
          timer = time.setTimeout(() => {
            const error = new TimeoutError(`${_name}, attempt ${attempt.tries}: no answer within ${timeout} ms`)
            lose(error)
            controller.abort(error)
          }, timeout)
        }
        const sent = isRequest(_input) ? fetch(new (_input.constructor as typeof Request)(_input, init)) : fetch(_input, init)
        Promise.resolve(sent).then(answer, lose)
      } catch (error) {
        lose(error)
      }
    }
    if (typeof _body !== 'function') return start()
    new Promise((made) => made(_body())).then(start, lose)
  })

/** Why it may not be sent, if so: whatever the layers around it think. */
const denied = (call: Call, { copy }: Attempt): { readonly _error: unknown } | undefined => {
  if ((!call._busy && copy === 1) || isHedgeable(call)) return call._final
  const error = new Error(`${call._name}: runs once at a time; only safe requests without Range are hedged`)
  return { _error: Object.assign(error, { refused: true, refusedBy: 'fetch', retryable: false }) }
}

/** Sends the request of a call once more, if that is allowed. */
export const send = (call: Call, attempt: Attempt): Promise<Response> => {
  const no = denied(call, attempt)
  if (no) return Promise.reject(no._error)
  if (call._tries !== attempt.tries) {
    letGo(call)
    call._tries = attempt.tries
  }
  return run(call, attempt)
}

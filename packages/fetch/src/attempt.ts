import { type Attempt, clock, TimeoutError } from '@backon/core'
import { longest } from '@backon/core/kit'
import { letGo } from './body/answers.ts'
import { isRequest, isStream } from './request/bodies.ts'
import { inBrowser } from './request/browser.ts'
import { type Call, isHedgeable } from './call.ts'
import { drain } from './body/drain.ts'
import { ResponseError } from './verdict/error.ts'
import { allowed, judged } from './failures.ts'
import { handOut, keep } from './body/lifetime.ts'
import { ruleOf } from './verdict/network.ts'

/** What `fetch` is called with in this attempt. */
const initOf = ({ _init, _input, _settings }: Call, { tries, copy }: Attempt, body: any, signal: AbortSignal): any => {
  const { attemptHeader } = _settings
  const init: any = { ..._init, body, signal }
  if (isStream(body)) init.duplex ??= 'half'
  if (attemptHeader && tries > 1) {
    init.headers = new Headers(init.headers)
    init.headers.set(attemptHeader, `${tries - 1}`)
  }
  // A browser's cache would make the second copy wait for the first. Elsewhere it would bypass a CDN.
  if (copy > 1 && inBrowser() && (init.cache ?? (_input as Request).cache ?? 'default') === 'default') init.cache = 'no-store'
  return init
}

/** Throws where the request may not be sent now, whatever the layers around it think. */
const admit = (call: Call, { copy }: Attempt): void => {
  if ((call._busy || copy > 1) && !isHedgeable(call)) {
    const error = new Error(`${call._name()}: runs once at a time; only safe requests without Range are hedged`)
    throw Object.assign(error, { refused: true, refusedBy: 'fetch', retryable: false })
  }
  if (call._final) throw call._final._error
}

/** Sends the request of a call once more, if that is allowed. Settles when the headers are there, the attempt is aborted or its time is up. */
export const send = async (call: Call, attempt: Attempt): Promise<Response> => {
  admit(call, attempt)
  const { tries } = attempt
  if (call._tries !== tries) letGo(call)
  call._tries = tries

  const { _init: { body }, _input, _name, _oneShot, _settings, _signal } = call
  const controller = new AbortController()
  const time = clock()
  let over = false
  let timer: unknown
  let rule: any
  let failed: ResponseError | undefined
  call._busy++
  try {
    const response: any = await new Promise<Response>((resolve, reject) => {
      const abort = (reason: unknown): void => {
        over = true
        reject(reason)
        controller.abort(reason)
      }
      attempt.whenAborted((reason) => {
        // The other layers have done with what has failed, and abort it. The caller has not.
        if (!failed || _signal?.aborted) abort(reason)
      })
      // A body that came too late is given to fetch all the same, which closes it.
      const ask = (body: any): Promise<Response> => {
        const init = initOf(call, attempt, body, controller.signal)
        const { fetch = globalThis.fetch, timeout = _oneShot || isStream(body) ? Infinity : 10_000 } = _settings
        if (timeout <= longest && !over) {
          timer = time.setTimeout(() => abort(new TimeoutError(`${_name()}, attempt ${tries}: no answer within ${timeout} ms`)), timeout)
        }
        return isRequest(_input) ? fetch(new (_input.constructor as typeof Request)(_input, init)) : fetch(_input, init)
      }
      if (over) return
      const sent = typeof body === 'function' ? new Promise((made) => made(body())).then(ask) : ask(body)
      // An answer may come after all, from a fetch that does not listen to its signal.
      Promise.resolve(sent).then((response) => (over ? void drain(response, controller, 0) : resolve(response)), reject)
    })
    const status = response?.status
    rule = _settings.statuses[status] ?? (status >= 500 && 'never')
    // Nothing was processed by this host: the one that has led here did something.
    if (rule === 'always' && response.redirected) rule = 'idempotent'
    if (rule && (rule !== 'key' || call._keyed)) failed = new ResponseError(response, _name(), allowed(call, rule))
    let result = response
    if (response?.body) {
      keep(response.body, controller, attempt, call)
      if (!failed) result = handOut(response, controller, call)
      call._answers.push({ _result: failed ?? result, _controller: controller, _gone: false })
    }
    if (failed) throw failed
    return result
  } catch (error) {
    throw judged(call, error, error === failed ? rule : ruleOf(error, _settings.errors, () => call._facts.origin))
  } finally {
    call._busy--
    time.clearTimeout(timer)
  }
}

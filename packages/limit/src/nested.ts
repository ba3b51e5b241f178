import { type Attempt, type BackoffDetails, emit, type Operation, type Plugin } from '@backon/core'
import { check, isThenable, optionsOf } from '@backon/core/kit'
import { openStorage, type Storage } from './storage.ts'

/** A retry that was held back, as the one around it retries. */
export interface NestedEvent {
  /** The name of the call that runs once. */
  readonly name: string
  /** The name of the call around it; `''` when that is in another process. */
  readonly outer: string
  /** The `call` in the records of the call that runs once. */
  readonly call: object
}

/** Who may watch: the plugin's own options, and every plugin of the call. They only watch: what they throw is reported. */
export interface NestedHooks {
  /** A retry was refused, as the call runs inside an attempt of another one. */
  onNested?(event: NestedEvent): unknown
}

declare module '@backon/core' {
  interface Hooks extends NestedHooks {}
}

/** What `nested()` takes. Every part is optional. */
export interface NestedOptions extends NestedHooks {
  /** `true` lets the calls that it is given to retry all the same: for the one inner layer that knows better. Default `false`. */
  allow?: boolean | undefined
}

/** What `nested()` makes. */
export interface Nested extends Plugin {
  /** As given. Of a call's plugins one is enough. */
  readonly allowsNested: boolean
}

/** An attempt under way, seen from inside. Plain names: another copy of this package reads them too. */
interface Mark {
  readonly name: string
  /** Which attempt it is; the first is 1. */
  readonly tries: number
  /** The `call` of its records; absent where it is in another process. */
  readonly call?: object
  over: boolean
}

const key = /* @__PURE__ */ Symbol.for('@backon/limit/nested/1')

/** The marks around a piece of code, outermost first. Hangs on a registered symbol, as two copies in one process are to agree. */
const marks = (): Storage<readonly Mark[]> => {
  const shared = globalThis as { [key]?: Storage<readonly Mark[]> | undefined }
  const storage = (shared[key] ??= openStorage())
  if (!storage) throw new Error('nested() needs AsyncLocalStorage by process.getBuiltinModule, and this runtime has none: it is there in Node, Bun, Deno, and in workerd with nodejs_compat')
  return storage
}

/** What is marked and has not ended. */
const living = (): readonly Mark[] => (marks().getStore() ?? []).filter(({ over }) => !over)

/** Runs something under a mark, which dies when that has ended: work that goes on in the background is not nested. */
const under = (mark: Mark, run: () => any): any => {
  const end = (): void => {
    mark.over = true
  }
  try {
    const result = marks().run([...living(), mark], run)
    if (isThenable(result)) return Promise.resolve(result).finally(end)
    end()
    return result
  } catch (error) {
    end()
    throw error
  }
}

/**
 * Makes retries happen at one layer only: a call inside an attempt of another call runs once. Three layers that try three times each make 27
 * requests of one. `use(nested())` once for the process, or `use: [nested()]` in each call that takes part. Throws an Error where the
 * runtime has no AsyncLocalStorage.
 *
 * @example
 * use(nested({ onNested: ({ name, outer }) => console.warn(`${name} is retried by ${outer} already`) }))
 */
export const nested = (options: NestedOptions = {}): Nested => {
  const { allow = false, ...hooks } = optionsOf('nested', options, ['allow', 'onNested'])
  check('boolean', { allow })
  // oxlint-disable-next-line typescript/unbound-method -- looked at, not called
  check('function', { onNested: hooks.onNested })
  marks()
  /** Calls that run once: inside which one, and who is told of it. */
  const inside = new WeakMap<object, { readonly outer: string; readonly plugins: readonly Plugin[] }>()
  return {
    timeless: true,
    allowsNested: allow,
    wrap: (next: Operation<any>) => (attempt: Attempt): any => {
      const { tries, plugins, details } = attempt
      const outer = living().findLast(({ call }) => call !== details.call)
      if (tries === 1 && outer && !plugins.some((plugin) => (plugin as Partial<Nested>).allowsNested)) inside.set(details.call, { outer: outer.name, plugins })
      const mark = { name: details.name, tries, call: details.call, over: false }
      attempt.whenAborted(() => {
        mark.over = true
      })
      return under(mark, () => next(attempt))
    },
    stop({ call, name }: BackoffDetails) {
      const found = inside.get(call)
      if (!found) return false
      const event = { name, outer: found.outer, call }
      emit('onNested', event, [hooks])
      emit('onNested', event, found.plugins)
      return 'refused'
    },
  }
}

/** The header that carries the count. */
const header = 'backon-attempt'

/**
 * Gives the headers that tell a server which attempt of a retry it is asked by: `{ 'backon-attempt': '2' }`; none outside an attempt that
 * `nested()` has joined. For `fromRequest` at the other end.
 *
 * @example
 * await fetch(url, { signal, headers: { ...attemptHeaders() } })
 */
export const attemptHeaders = (): Record<string, string> => {
  const mark = living().findLast(({ call }) => call)
  return mark ? { [header]: String(mark.tries) } : {}
}

/** A request, and whether its sender retries it. */
export interface FromRequest {
  /** Which attempt of the sender it is, as it says; 0 where it says nothing. */
  readonly tries: number
  /** Runs the handler of the request: retries in it run once if the sender retries. Gives what it gives. */
  run<T>(handler: () => T): T
}

/**
 * Reads the headers of a request that has come in (a `Headers`, or an object with names in lower case, as Node has them). Trust is asked for here: use it only for
 * requests of your own services, as whoever sends the header turns retries off. It reaches over one hop.
 *
 * @example
 * createServer((request, response) => fromRequest(request.headers).run(() => handle(request, response)))
 */
export const fromRequest = (headers: Headers | Readonly<Record<string, unknown>>): FromRequest => {
  const text = typeof headers?.get === 'function' ? headers.get(header) : (headers as Readonly<Record<string, unknown>>)?.[header]
  const tries = typeof text === 'string' && /^[1-9]\d{0,8}$/.test(text) ? Number(text) : 0
  return {
    tries,
    run: (handler) => (tries ? under({ name: '', tries, over: false }, handler) : handler()),
  }
}

import type { Attempt } from '../types.ts'

/** What cuts off those that follow it: a signal of the caller, or the attempt that a call runs inside of. */
export type Source = AbortSignal | Attempt

/** What is told of it, once. */
export type Cut = (reason: unknown) => void

/** An attempt that may outlive its call: a response is still being read with its signal. */
interface Abortable {
  abort(reason: unknown): void
}

/** All that follows one source. However many they are, one listener hangs on the source. */
interface Hub {
  readonly _source: Source
  /** Calls under way. */
  readonly _calls: Set<Cut>
  /** Attempts whose signal somebody has taken: held by who uses the signal, and by nobody here. */
  readonly _attempts: Set<WeakRef<Abortable>>
  /** Takes the listener off again; absent while there is none. */
  _silence: (() => void) | undefined
}

const hubs = /* @__PURE__ */ new WeakMap<Source, Hub>()

const hubOf = (source: Source): Hub => {
  let hub = hubs.get(source)
  if (!hub) hubs.set(source, (hub = { _source: source, _calls: new Set(), _attempts: new Set(), _silence: undefined }))
  if (!hub._silence) hub._silence = listen(source, (reason) => tellAll(hub, reason))
  return hub
}

const listen = (source: Source, listener: Cut): (() => void) => {
  if ('whenAborted' in source) return source.whenAborted(listener)
  const onabort = (): void => listener(source.reason)
  source.addEventListener('abort', onabort)
  return () => source.removeEventListener('abort', onabort)
}

const tellAll = ({ _calls, _attempts }: Hub, reason: unknown): void => {
  for (const cut of _calls) cut(reason)
  for (const ref of _attempts) ref.deref()?.abort(reason)
  _attempts.clear()
}

/** Nobody follows any more: nothing is left on the source. */
const tidy = (hub: Hub): void => {
  if (hub._calls.size || hub._attempts.size) return
  hub._silence?.()
  hub._silence = undefined
}

/** Follows a source that is not aborted, until the undo that it returns is called. */
export const follow = (source: Source, cut: Cut): (() => void) => {
  const hub = hubOf(source)
  hub._calls.add(cut)
  return () => {
    hub._calls.delete(cut)
    tidy(hub)
  }
}

let collected: FinalizationRegistry<[Hub, WeakRef<Abortable>]> | undefined

/** Lets an attempt hear of a source for as long as the attempt lives, which is not lengthened by it. */
export const followWeakly = (source: Source, attempt: Abortable): void => {
  if (source.aborted) return attempt.abort(source.reason)
  const hub = hubOf(source)
  const ref = new WeakRef(attempt)
  hub._attempts.add(ref)
  collected ??= new FinalizationRegistry(([hub, ref]) => {
    hub._attempts.delete(ref)
    tidy(hub)
  })
  collected.register(attempt, [hub, ref])
}

import type { Attempt } from '../types.ts'

/** What cuts off those that follow it: a signal of the caller, or the attempt that a call runs inside of. */
export type Source = AbortSignal | Attempt

/** Nothing to follow. */
export const alone: readonly Source[] = []

/** What is told of it, once. */
export interface Follower {
  readonly _cut: (reason: unknown) => void
}

/** All that follows one source. However many they are, one listener hangs on the source. */
interface Hub {
  readonly _followers: Set<Follower>
  /** Takes the listener off again. */
  readonly _silence: () => void
}

const hubs = /* @__PURE__ */ new WeakMap<Source, Hub>()

const listen = (source: Source, listener: (reason: unknown) => void): (() => void) => {
  if ('whenAborted' in source) return source.whenAborted(listener)
  const onabort = (): void => listener(source.reason)
  source.addEventListener('abort', onabort)
  return () => source.removeEventListener('abort', onabort)
}

/** Follows a source that is not aborted, until `unfollow`. */
export const follow = (source: Source, follower: Follower): void => {
  let hub = hubs.get(source)
  if (!hub) {
    const _followers = new Set<Follower>()
    const _silence = listen(source, (reason) => {
      for (const { _cut } of _followers) _cut(reason)
    })
    hubs.set(source, (hub = { _followers, _silence }))
  }
  hub._followers.add(follower)
}

/** Follows no more. Where nobody does, nothing is left on the source. */
export const unfollow = (source: Source, follower: Follower): void => {
  const hub = hubs.get(source)
  if (!hub?._followers.delete(follower) || hub._followers.size) return
  hubs.delete(source)
  hub._silence()
}

let collected: FinalizationRegistry<[Source, Follower]> | undefined

/** Lets an attempt hear of a source for as long as the attempt lives, which is not lengthened by it: its signal may be in use after the call. */
export const followWeakly = (source: Source, attempt: Pick<Attempt, 'abort'>): void => {
  if (source.aborted) return attempt.abort(source.reason)
  const ref = new WeakRef(attempt)
  const follower: Follower = { _cut: (reason) => ref.deref()?.abort(reason) }
  follow(source, follower)
  collected ??= new FinalizationRegistry(([source, follower]) => unfollow(source, follower))
  collected.register(attempt, [source, follower])
}

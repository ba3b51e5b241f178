import { tellPlugin } from '../seams/events.ts'
import { isThenable } from '../thenable.ts'
import type { Details, Hooks } from '../types.ts'
import { type Call, record } from './call.ts'
import type { Event } from './options.ts'

/** What somebody waits for whose call has gone on without it: nothing refers to it any more, so it is collected. */
export const never = (): Promise<never> => new Promise(() => {})

/** Waits for what a function of the caller gave back; for ever if the call has gone on without it meanwhile. */
export const heed = async (call: Call, answer: unknown): Promise<any> => {
  const { _phase } = call
  try {
    return await answer
  } finally {
    if (call._phase !== _phase) await never()
  }
}

/** Tells the plugins of a call, which only watch. */
export const tellPlugins = (call: Call, event: keyof Hooks, details?: Details): void => {
  for (const plugin of call._policy._plugins) if (plugin[event]) tellPlugin(plugin, event, (details ??= record(call)))
}

/** Tells the caller's own handlers, one after the other. Gives a promise only when there is something to wait for. */
export const tellHandlers = (call: Call, event: Event, details?: Details, next = 0): Promise<void> | undefined => {
  const { _phase, _policy: { _handlers } } = call
  const handlers = _handlers?.[event]
  while (handlers && next < handlers.length) {
    const answer = handlers[next++]!((details ??= record(call)))
    if (call._phase !== _phase) return never()
    call._refuse?.(answer, 'a handler')
    if (isThenable(answer)) return heed(call, answer).then(() => tellHandlers(call, event, details, next))
  }
  return undefined
}

const tellRest = (call: Call, event: Event, second?: Event): Promise<void> | undefined => {
  const { _phase } = call
  tellPlugins(call, event)
  if (call._phase !== _phase) return never()
  return second && tell(call, second)
}

/**
 * Tells of a moment that has one name or two. The caller's own handlers come first, so that plugins are told what really came of them.
 * Gives a promise only when there is something to wait for.
 */
export const tell = (call: Call, event: Event, second?: Event): Promise<void> | undefined => {
  if (!call._policy._watched) return undefined
  const told = tellHandlers(call, event)
  return told ? told.then(() => tellRest(call, event, second)) : tellRest(call, event, second)
}

import { invalid } from '../check.ts'
import { answer } from '../thenable.ts'
import type { Stop } from '../types.ts'

/** Something that can have happened: an AbortSignal, or anything that says whether it is set. */
export type SettableEvent = Pick<AbortSignal, 'aborted'> | { isSet(): boolean }

/**
 * Stops once the event is set: an AbortSignal that is aborted, or an object whose `isSet()` says `true`. Asked after an attempt;
 * a wait is not cut short (the `signal` option does that). Throws for what is neither.
 *
 * @example
 * retry(load, { stop: stopWhenEventSet(shutdown.signal), maxTries: Infinity })
 */
export const stopWhenEventSet = (event: SettableEvent): Stop => {
  const { aborted, isSet } = (event ?? {}) as { aborted?: unknown; isSet?: unknown }
  if (typeof isSet !== 'function' && typeof aborted !== 'boolean') invalid('event', 'an AbortSignal or an object with isSet()', event)
  return () => (typeof isSet === 'function' ? answer('isSet()', (event as { isSet(): boolean }).isSet()) : (event as AbortSignal).aborted)
}

import type { Plugin } from '../types.ts'

/** Which channel an event is published on, and what its message says besides what the event tells. */
const published: Readonly<Record<string, readonly [channel: string, more?: object]>> = {
  onAttempt: ['call:attempt'],
  after: ['call:outcome'],
  onBackoff: ['call:backoff'],
  onSuccess: ['call:success'],
  onGiveup: ['call:giveup'],
  onAbort: ['call:abort'],
  onCircuitOpen: ['circuit'],
  onCircuitHalfOpen: ['circuit'],
  onCircuitClose: ['circuit'],
  onCircuitReject: ['refused', { by: 'circuit' }],
  onLimitReject: ['refused', { by: 'limit' }],
  onBudgetReject: ['refused', { by: 'budget' }],
  onThrottleReject: ['refused', { by: 'throttle' }],
}

/**
 * Makes a plugin that publishes what happens on `node:diagnostics_channel`, for tools that watch a process without a line in its code:
 * `backon:call:attempt`, `:outcome`, `:backoff`, `:success`, `:giveup`, `:abort` with the record of the call; `backon:circuit` with each change
 * of a circuit (`breaker`, `from`, `to`); `backon:refused` with what was refused and `by` whom (`circuit`, `limit`, `budget`, `throttle`).
 * While nobody subscribes to a channel nothing is written down for it. Works in Node, Bun and Deno, and in workerd with `nodejs_compat`;
 * throws an Error where there is no such module, as in browsers.
 *
 * @example
 * import { subscribe } from 'node:diagnostics_channel'
 * use(diagnostics())
 * subscribe('backon:call:giveup', ({ name, end }) => console.warn(`${name}: ${end}`))
 */
export const diagnostics = (): Plugin => {
  const { channel } = globalThis.process?.getBuiltinModule?.('node:diagnostics_channel') ?? {}
  if (!channel) throw new Error('diagnostics() needs node:diagnostics_channel, and this runtime has no process.getBuiltinModule that gives it')
  const plugin: Plugin = {}
  for (const [event, [name, more]] of Object.entries(published)) {
    const to = channel(`backon:${name}`)
    const tell = (fact: object): void => to.publish(more ? { ...more, ...fact } : fact)
    // One that is always there says that somebody may listen later: a policy looks at its plugins once.
    Object.defineProperty(plugin, event, { enumerable: true, get: () => (to.hasSubscribers || event === 'onAbort' ? tell : undefined) })
  }
  return plugin
}

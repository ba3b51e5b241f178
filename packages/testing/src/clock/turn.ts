// Taken when this file loads: what a test runner's fake timers put in their place later is none of our business.
const { setTimeout, setImmediate, MessageChannel } = globalThis as any

/** Real, monotonic ms. */
export const realNow: () => number = performance.now.bind(performance)

/** Really waits. */
export const realSleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Those who wait for a message: each message is for the first of them. */
const waiting: (() => void)[] = []
let sender: { postMessage(message: number): void } | undefined

/** To open a channel takes longer than all the rest, so it serves many turns. One that is left open keeps some runtimes from ending. */
const open = (): void => {
  const { port1, port2 } = new MessageChannel()
  sender = port2
  port1.onmessage = () => waiting.shift()!()
  const close = (): void => {
    if (waiting.length > 0) return void setTimeout(close, 10)
    port1.close()
    sender = undefined
  }
  setTimeout(close, 10)
}

const posted = (resolve: () => void): void => {
  waiting.push(resolve)
  if (!sender) open()
  sender!.postMessage(0)
}

const later: (resolve: () => void) => void = setImmediate ?? (MessageChannel ? posted : (resolve: () => void) => setTimeout(resolve, 0))

/** One turn of the event loop: every microtask has run, and I/O that was ready has been handled. */
export const turn = (): Promise<void> => new Promise<void>((resolve) => later(resolve))

// Timers are no I/O: those of the test runner come and go all the time.
const ignored = new Set(['Immediate', 'Timeout'])

/** How much real I/O is in progress, where the runtime can tell; else 0. */
export const realWork = (): number => {
  const active: string[] | undefined = (globalThis as any).process?.getActiveResourcesInfo?.()
  return active ? active.reduce((count, kind) => count + (ignored.has(kind) ? 0 : 1), 0) : 0
}

import type { Clock } from '@backon/core'
import { invalid, nonNegative } from '@backon/core/kit'
import { type ChaosOptions, FaultError, latencyFrom } from '../faults/faults.ts'

/** A service to call, modelled. Times are in ms. */
export interface Service {
  /** How long a request takes: a number, a range to draw from, or a function of a number in [0, 1). Default 50. */
  latency?: NonNullable<ChaosOptions<unknown>['latency']>
  /** Share of requests that fail in the end, 0 to 1; or a function of the time. Default 0. */
  failureRate?: number | ((now: number) => number)
  /** While it is down it refuses at once; what it was working on fails. */
  outage?: { from: number; to: number }
  /** How many requests it works on at once. Default `Infinity`. */
  capacity?: number
  /** How many more may queue for it; above, it refuses at once. Default `Infinity`. */
  queue?: number
}

/** First come, first served, at any length in constant time. */
class Queue {
  #items: (() => void)[] = []
  #head = 0

  get length(): number {
    return this.#items.length - this.#head
  }

  push(item: () => void): void {
    this.#items.push(item)
  }

  shift(): (() => void) | undefined {
    const item = this.#items[this.#head++]
    if (this.#head > this.#items.length) this.#head = this.#items.length
    if (this.#head > 1_000 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
    return item
  }
}

/**
 * Makes an operation of a modelled service. It does not notice that a client has given up: like most real ones it
 * finishes what it was asked, which is what makes overload last.
 */
export const modelService = (service: Service, clock: Clock, random: () => number): (() => Promise<string>) => {
  const { latency = 50, failureRate = 0, outage, capacity = Infinity, queue: longest = Infinity } = service
  const draw = latencyFrom(latency)
  const rate = typeof failureRate === 'number' ? () => failureRate : failureRate
  if (!(rate(0) >= 0 && rate(0) <= 1)) invalid('failureRate', 'a number from 0 to 1', rate(0))
  if (!(capacity >= 1)) invalid('capacity', 'a number of 1 or more', capacity)
  nonNegative({ queue: longest })
  if (outage) {
    nonNegative({ 'outage.from': outage.from })
    if (!(outage.to >= outage.from)) invalid('outage.to', `a number of ${outage.from} (outage.from) or more`, outage.to)
  }

  // One error of each kind for all: a million stack traces would cost more than the simulation.
  const failed = new FaultError('status 500', { status: 500, headers: {} })
  const refused = new FaultError('status 503', { status: 503, headers: {} })
  const isDown = (): boolean => !!outage && clock.now() >= outage.from && clock.now() < outage.to
  const waiting = new Queue()
  let busy = 0

  return () =>
    new Promise((resolve, reject) => {
      const start = (): void => {
        busy++
        clock.setTimeout(() => {
          busy--
          if (isDown()) reject(refused)
          else if (random() < rate(clock.now())) reject(failed)
          else resolve('ok')
          waiting.shift()?.()
        }, draw(random()))
      }
      if (isDown()) reject(refused)
      else if (busy < capacity) start()
      else if (waiting.length < longest) waiting.push(start)
      else reject(refused)
    })
}

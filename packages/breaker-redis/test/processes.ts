import { CircuitBreaker, type CircuitBreakerOptions } from '@backon/breaker'
import { override, retry, type Undo } from '@backon/core'
import type { ShareOptions } from '../src/options.ts'
import { shareBreaker, type SharedBreaker } from '../src/share.ts'
import { VirtualRedis } from './virtual-redis.ts'

/** Several processes in one, each with a clock of its own, and one store. Nothing moves by itself. */
export class World {
  time = 0
  /** The clock of the process that acts. */
  skew = 0
  readonly timers = new Set<{ callback: () => void; due: number }>()
  readonly store = new VirtualRedis(() => 1_750_000_000_000 + this.time)
  readonly undo: Undo

  constructor() {
    this.undo = override({
      clock: {
        now: () => this.time + this.skew,
        setTimeout: (callback, ms) => {
          const timer = { callback, due: this.time + ms }
          this.timers.add(timer)
          return timer
        },
        clearTimeout: (timer) => void this.timers.delete(timer),
      },
    })
  }

  async pass(ms: number): Promise<void> {
    const end = this.time + ms
    for (;;) {
      const [next] = [...this.timers].sort((a, b) => a.due - b.due)
      this.time = Math.min(next?.due ?? end, end)
      await settle()
      if (!next || next.due > end) return
      if (this.timers.delete(next)) next.callback()
      await settle()
    }
  }

  process(breaker: CircuitBreakerOptions = {}, options: Partial<ShareOptions> = {}, skew = 0): Process {
    return new Process(this, breaker, options, skew)
  }
}

/** Lets all that needs no time happen. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

export class Process {
  readonly breaker: CircuitBreaker
  readonly shared: SharedBreaker
  readonly world: World
  readonly skew: number

  constructor(world: World, breaker: CircuitBreakerOptions, options: Partial<ShareOptions>, skew: number) {
    this.world = world
    this.skew = skew
    world.skew = skew
    this.breaker = new CircuitBreaker({ failureThreshold: 1, recoveryTimeout: 1_000, name: 'users', ...breaker })
    this.shared = shareBreaker(this.breaker, { client: world.store.client(), key: 'users', ...options })
  }

  /** Makes one call; what it ends with, or `'waits'`. */
  async call(fn: () => unknown = () => 'ok'): Promise<unknown> {
    this.world.skew = this.skew
    let outcome: unknown = 'waits'
    retry(async () => fn(), { use: [this.shared], maxTries: 1 }).then(
      (value) => (outcome = value),
      (error: Error) => (outcome = error.name === 'Error' ? error.message : error.name),
    )
    await settle()
    return outcome
  }

  fail(): Promise<unknown> {
    return this.call(() => {
      throw new Error('down')
    })
  }

  get state(): string {
    this.world.skew = this.skew
    return this.breaker.state
  }
}

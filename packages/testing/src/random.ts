import { override, type Undo } from '@backon/core'
import { invalid, undo } from '@backon/core/kit'
import { runThen } from './run-then.ts'
import { enter, inside } from './scope.ts'

/**
 * Makes numbers in [0, 1) that look random and are the same for the same seed (any whole number; its lower 32 bits count).
 * The generator is mulberry32 by Tommy Ettinger (public domain).
 *
 * @example
 * ```ts
 * const random = randomFrom(1)
 * random() // 0.6270739405881613
 * ```
 */
export const randomFrom = (seed: number): (() => number) => {
  if (!Number.isInteger(seed)) invalid('seed', 'a whole number', seed)
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const inForce: { seed: number; scope: object | undefined }[] = []

/** The seed that decides for the code that asks, for messages. */
export const seedInForce = (): number | undefined => inForce.findLast(({ scope }) => !scope || inside(scope))?.seed

/** A seed that is forced, until undone. */
export interface SeededRandom extends Undo {
  readonly seed: number
}

/**
 * Makes every jitter and every random wait the same in each run. Without a seed it picks one. Returns its undo, which knows
 * the seed; given a function it runs that, undoes itself afterwards, and prints the seed when the function fails. The
 * function alone is concerned in Node, Bun and Deno; elsewhere, and without a function, the whole process is.
 *
 * @example
 * ```ts
 * await seededRandom(7, () => load()) // the same jitter each time
 * ```
 */
export function seededRandom(seed?: number): SeededRandom
export function seededRandom<T>(seed: number | undefined, run: () => T): T
export function seededRandom(seed = Math.floor(Math.random() * 2 ** 32), run?: () => unknown): unknown {
  const random = randomFrom(seed)
  const entry = { seed, scope: run && {} }
  const off = override(() => (!entry.scope || inside(entry.scope) ? { random } : undefined))
  inForce.push(entry)
  const back = undo(() => {
    off()
    inForce.splice(inForce.indexOf(entry), 1)
  })
  if (!run) return Object.assign(back, { seed })
  return runThen(
    () => enter(entry.scope!, run),
    (failed) => {
      back()
      // oxlint-disable-next-line no-console -- Printing is what it promises: a failing run can then be had again.
      if (failed) console.error(`failed with seededRandom(${seed})`)
    },
  )
}

import { randomFrom } from '@backon/testing'

/** Draws what a run is made of: the same from the same seed. */
export interface Dice {
  /** Uniform in [0, 1). */
  roll(): number
  /** `true` with this probability. */
  chance(share: number): boolean
  /** A whole number of `from` to `to`. */
  whole(from: number, to: number): number
  pick<T>(some: readonly T[]): T
}

export const diceFrom = (seed: number): Dice => {
  const roll = randomFrom(seed)
  const whole = (from: number, to: number): number => from + Math.floor(roll() * (to - from + 1))
  return { roll, whole, chance: (share) => roll() < share, pick: (some) => some[whole(0, some.length - 1)]! }
}

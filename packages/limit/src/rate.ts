/** How many starts there may be, in how much time. */
export interface Rate {
  /** At most so many calls start in any `per` ms: an integer of 1 or more. */
  readonly calls: number
  /** Ms, above 0. */
  readonly per: number
  /** How many of them may start at once; fewer space them out: 1 starts one each `per / calls` ms. An integer from 1 to `calls`. Default `calls`. */
  readonly burst?: number | undefined
}

/** The starts that a rate has to know. */
export interface Paced {
  readonly _rate: (Rate & { readonly burst: number }) | undefined
  /** When the last calls started, as many as the rate needs to know: the start number n is at n modulo `calls`. */
  _starts: number[]
  /** How many have started. */
  _count: number
}

/**
 * When the rate lets a call start that has so many others `ahead` of it, in ms of the clock; at the earliest, as those may be late. `calls`
 * starts fit into `per`, and `burst` starts into their share of it.
 */
export const startsAt = ({ _rate, _starts, _count }: Paced, now: number, ahead: number): number => {
  let at = now
  if (_rate) {
    for (const size of [_rate.calls, _rate.burst]) {
      const window = (_rate.per * size) / _rate.calls
      const earlier = _starts[(_count + (ahead % size) - size) % _rate.calls] ?? -Infinity
      at = Math.max(at, Math.max(now, earlier + window) + Math.floor(ahead / size) * window)
    }
  }
  return at
}

/** @internal When a call has started last, in ms of the clock; where the rate has to know. */
export const lastStart = ({ _rate, _starts, _count }: Paced): number => (_rate && _starts[(_count - 1) % _rate.calls]) ?? -Infinity

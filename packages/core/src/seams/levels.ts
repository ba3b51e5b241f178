/** Where something stands at this moment: read when somebody looks, never told. */
export interface Level {
  /** What kind of thing it is: `'circuit'`, `'budget'`, `'limit'`. */
  readonly kind: string
  /** Its name; `''` when it has none. */
  readonly name: string
  /** The state it is in, where it has states: `'closed'`, `'open'`. */
  readonly state?: string | undefined
  /** Its numbers: `{ running: 2, queued: 0 }`. */
  readonly values?: Readonly<Record<string, number>> | undefined
  /** How bad that is. Of several of one kind and name the worst is shown. */
  readonly severity: number
}

/** What has a level: a circuit, a balance, a queue. */
export interface Levelled {
  level(): Level
}

/** So many are known at most; one more makes the oldest unknown. */
const most = 10_000

/** Plain names: another copy of core, built at another time, reads them too. */
interface Known {
  /** Held weakly: what is gone has no level. The one announced first comes first. */
  readonly all: Set<WeakRef<Levelled>>
  readonly refs: WeakMap<Levelled, WeakRef<Levelled>>
}

/** Hangs on a registered symbol, as two copies of core in one process are to show one picture. */
const known = (): Known => ((globalThis as any)[Symbol.for('@backon/core/levels/1')] ??= { all: new Set(), refs: new WeakMap() })

/**
 * Makes the level of something known to whoever shows levels, for as long as it lives. Once is enough; twice changes nothing.
 *
 * @example
 * class Queue { constructor() { announce(this) } level() { return { kind: 'limit', name: 'db', values: { queued: 3 }, severity: 3 } } }
 */
export const announce = (one: Levelled): void => {
  const { all, refs } = known()
  const ref = refs.get(one) ?? new WeakRef(one)
  refs.set(one, ref)
  all.add(ref)
  // Who reads them forgets those that are gone: to look for them here would cost a look at all for each new one.
  for (const oldest of all) {
    if (all.size <= most) break
    all.delete(oldest)
  }
}

/** Makes it unknown again: it was dropped by who kept it, while calls through it may still run. */
export const withdraw = (one: Levelled): void => {
  const { all, refs } = known()
  all.delete(refs.get(one)!)
  refs.delete(one)
}

/**
 * Reads all levels: the worst of each kind and name. Names after the first `limit` of a kind share one `other`, so that what shows
 * them stays bounded; `''` is left as it is. One that throws is left out: who reads can do nothing about it.
 */
export const levels = (limit = 1_000): Level[] => {
  const worst = new Map<string, Map<string, Level>>()
  const { all } = known()
  for (const ref of all) {
    const one = ref.deref()
    if (!one) {
      all.delete(ref)
      continue
    }
    try {
      let level = one.level()
      const { kind } = level
      if (!worst.has(kind)) worst.set(kind, new Map())
      const ofKind = worst.get(kind)!
      if (!ofKind.has(level.name) && ofKind.size >= limit) level = { ...level, name: 'other' }
      const other = ofKind.get(level.name)
      if (!other || other.severity < level.severity) ofKind.set(level.name, level)
    } catch {
      // It has no level to show.
    }
  }
  return [...worst.values()].flatMap((ofKind) => [...ofKind.values()])
}

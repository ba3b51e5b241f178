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

/** Makes the level of something known to whoever shows levels, for as long as it lives. Once is enough; twice changes nothing. */
export const announce = (one: Levelled): void => {
  const { all, refs } = known()
  if (refs.has(one)) return
  const ref = new WeakRef(one)
  refs.set(one, ref)
  all.add(ref)
  if (all.size <= most) return
  for (const ref of all) if (!ref.deref()) all.delete(ref)
  for (const ref of all) {
    if (all.size <= most) break
    all.delete(ref)
  }
}

/** Makes it unknown again: it was dropped by who kept it, while calls through it may still run. */
export const withdraw = (one: Levelled): void => {
  const { all, refs } = known()
  all.delete(refs.get(one)!)
  refs.delete(one)
}

/** Reads all levels: the worst of each kind and name. One that throws is left out. */
export const levels = (): Level[] => {
  const worst = new Map<string, Level>()
  const { all } = known()
  for (const ref of all) {
    const one = ref.deref()
    if (!one) {
      all.delete(ref)
      continue
    }
    try {
      const level = one.level()
      const key = `${level.kind} ${level.name}`
      const other = worst.get(key)
      if (!other || other.severity < level.severity) worst.set(key, level)
    } catch {
      // It has no level to show; who reads levels can do nothing about it.
    }
  }
  return [...worst.values()]
}

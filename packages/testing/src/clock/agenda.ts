/** A timer that was set: when it is due, and what it does then. */
export interface Entry {
  readonly due: number
  /** Among entries due at the same time, the lower one comes first. */
  readonly order: number
  readonly callback: () => void
  /** Where it stands in the heap; -1 once it has left. */
  at: number
}

const before = (a: Entry, b: Entry): boolean => a.due < b.due || (a.due === b.due && a.order < b.order)

/** What is due, soonest first: a binary heap whose entries know their place, so that one can be taken out of its middle. */
export class Agenda {
  readonly #heap: Entry[] = []

  get size(): number {
    return this.#heap.length
  }

  get first(): Entry | undefined {
    return this.#heap[0]
  }

  add(due: number, order: number, callback: () => void): Entry {
    const entry = { due, order, callback, at: this.#heap.length }
    this.#heap.push(entry)
    this.#rise(entry)
    return entry
  }

  /** Takes an entry out; one that has left already is left alone. */
  remove(entry: Entry): void {
    const { at } = entry
    if (at < 0) return
    entry.at = -1
    const last = this.#heap.pop()!
    if (last === entry) return
    this.#put(last, at)
    this.#rise(last)
    this.#sink(last)
  }

  #put(entry: Entry, at: number): void {
    this.#heap[at] = entry
    entry.at = at
  }

  #rise(entry: Entry): void {
    let { at } = entry
    while (at > 0) {
      const above = (at - 1) >> 1
      const parent = this.#heap[above]!
      if (!before(entry, parent)) break
      this.#put(parent, at)
      at = above
    }
    this.#put(entry, at)
  }

  #sink(entry: Entry): void {
    let { at } = entry
    for (;;) {
      let below = 2 * at + 1
      let child = this.#heap[below]
      const right = this.#heap[below + 1]
      if (child && right && before(right, child)) child = this.#heap[++below]
      if (!child || before(entry, child)) break
      this.#put(child, at)
      at = below
    }
    this.#put(entry, at)
  }
}

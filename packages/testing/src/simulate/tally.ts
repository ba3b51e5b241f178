/** Counts of some time. */
export interface Total {
  /** Calls begun by clients. */
  readonly calls: number
  /** Requests that reached the service: its load. */
  readonly requests: number
  /** Calls ended, well or not. */
  readonly successes: number
  readonly failures: number
  /** How long the calls that ended took, in ms, waits included; 0 when none did. */
  readonly latency: { readonly p50: number; readonly p95: number; readonly p99: number; readonly max: number }
}

interface Row {
  calls: number
  requests: number
  successes: number
  failures: number
  latencies: number[]
}

/** The nearest-rank percentiles. */
const percentiles = (latencies: ArrayLike<number>): Total['latency'] => {
  const sorted = Float64Array.from(latencies).sort()
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) }
}

/** Counts what happens in a simulation, by the second. */
export class Tally {
  readonly #rows: Row[] = []
  #ended = 0

  call(now: number): void {
    this.#row(now).calls++
  }

  request(now: number): void {
    this.#row(now).requests++
  }

  end(now: number, latency: number, succeeded: boolean): void {
    const row = this.#row(now)
    row[succeeded ? 'successes' : 'failures']++
    row.latencies.push(latency)
    this.#ended = now
  }

  result(): { seconds: (Total & { second: number })[]; total: Total & { unfinished: number; ended: number } } {
    const seconds = this.#rows.map(({ latencies, ...counts }, second) => ({ second, ...counts, latency: percentiles(latencies) }))
    const sum = (key: 'calls' | 'requests' | 'successes' | 'failures'): number => this.#rows.reduce((sum, row) => sum + row[key], 0)
    const [calls, successes, failures] = [sum('calls'), sum('successes'), sum('failures')]
    const latency = percentiles(this.#rows.flatMap(({ latencies }) => latencies))
    return { seconds, total: { calls, requests: sum('requests'), successes, failures, latency, unfinished: calls - successes - failures, ended: this.#ended } }
  }

  #row(now: number): Row {
    const second = Math.floor(now / 1_000)
    while (this.#rows.length <= second) this.#rows.push({ calls: 0, requests: 0, successes: 0, failures: 0, latencies: [] })
    return this.#rows[second]!
  }
}

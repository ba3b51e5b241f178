/** One value of a metric, as prom-client writes it down. */
export interface Value {
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
  /** Where it is not that of the metric itself: `…_bucket`. */
  readonly metricName?: string
}

/** What a metric is besides its name: a counter, unless it has bounds or is read. */
export interface Kind {
  /** The upper bounds of a histogram. */
  readonly bounds?: readonly number[]
  /** Reads a gauge, at the time of the scrape. */
  readonly read?: () => Value[]
  /** What the metric of several processes is. */
  readonly aggregator?: 'sum' | 'max' | 'min'
}

/** Tells the values of labels from a key: the values, in the order of the names, with `\0` between them. */
export const labelsOf = (names: readonly string[], key: string): Record<string, string> => {
  const values = key.split('\0')
  return Object.fromEntries(names.map((name, i) => [name, values[i] ?? '']))
}

/**
 * Makes a metric that keeps its own numbers and tells them when its registry asks: by `get()` and `reset()`, as prom-client declares them.
 * prom-client's own metrics check the labels and make a key of them at each value, which costs more than a retried call (docs/decisions/0034).
 */
export const metricOf = (name: string, help: string, labelNames: readonly string[], { bounds = [], read, aggregator = 'sum' }: Kind) => {
  /** For each series how many values are in each bucket alone, and their sum at the end. A counter has one bucket, for all. */
  const cells = new Map<string, number[]>()
  const last = bounds.length + 1
  const metric = {
    name,
    help,
    labelNames,
    aggregator,
    type: read ? 'gauge' : bounds.length ? 'histogram' : 'counter',
    /** Adds a value to the series of a key. Cheap, and where other copies of this package count. */
    add(key: string, value: number): void {
      let cell = cells.get(key)
      if (!cell) cells.set(key, (cell = Array(last + 1).fill(0)))
      let i = 0
      while (value > bounds[i]!) i++
      cell[i]!++
      cell[last]! += value
    },
    async get(): Promise<object> {
      const { name, type } = metric
      const values = read?.() ?? []
      for (const [key, cell] of cells) {
        const labels = labelsOf(labelNames, key)
        const tell = (part: string, value = 0, more?: object): unknown => values.push({ metricName: name + part, labels: { ...more, ...labels }, value })
        let count = 0
        if (last > 1) for (let i = 0; i < last; i++) tell('_bucket', (count += cell[i]!), { le: bounds[i] ?? '+Inf' })
        tell(last > 1 ? '_sum' : '', cell[last])
        if (last > 1) tell('_count', count)
      }
      return { name, help, type, aggregator, values }
    },
    /** Forgets all series. */
    reset: () => cells.clear(),
    /** Forgets one series, told by its labels in one object or by their values. */
    remove: (...labels: any[]) => cells.delete((typeof labels[0] === 'object' ? labelNames.map((label) => labels[0][label]) : labels).join('\0')),
  }
  return metric
}

/**
 * Counts in a metric that somebody else has registered, at once, as prom-client documents it. One that keeps exemplars takes labels and
 * value in one object, and would lose the labels otherwise; one that keeps none refuses that object before it has counted.
 */
export const foreign = (metric: any, labelNames: readonly string[]) => {
  const method = metric.observe ? 'observe' : 'inc'
  let exemplars = true
  return (key: string, value: number): void => {
    const labels = labelsOf(labelNames, key)
    try {
      if (exemplars) return metric[method]({ labels, value })
    } catch {
      exemplars = false
    }
    metric[method](labels, value)
  }
}

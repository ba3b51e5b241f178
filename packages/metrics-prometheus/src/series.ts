import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import { perLabel } from '@backon/core/kit'

/** Finds a series by its labels, the one that every metric has first, and counts in it. */
export type Series = (first: string) => (second?: string) => (value?: number) => void

/**
 * Finds a metric in the registry, or registers it, and prepares its series one by one as they come. `labelNames` are in
 * alphabetical order, as in prom-client's keys; the last one is the one that comes first in `Series`.
 *
 * prom-client checks the labels and builds its key anew at each `inc()` and `observe()`, of a prepared child too, which
 * costs more than the retried call. So a series is looked up in its store by a key built once. The store is not part of
 * what prom-client documents: where the series is not in it (before the first value, after `resetMetrics()`, in another
 * prom-client) the method is called.
 */
export const seriesOf = (register: Registry<any>, name: string, labelNames: readonly string[], buckets?: readonly number[]): Series => {
  const found: any = register.getSingleMetric(name)
  if (found && found.labelNames + '' !== labelNames + '') {
    throw new Error(`metric ${name} has other labels here: ${found.labelNames}; give another prefix`)
  }
  const Type: new (options: any) => any = buckets ? Histogram : name.endsWith('state') ? Gauge : Counter
  const metric = found ?? new Type({ name, help: name.replaceAll('_', ' '), labelNames, buckets, registers: [register] })
  const bounds = metric.upperBounds
  // The keys of its buckets, as strings: to make a string of a number takes longer than all the rest.
  const names: string[] = bounds?.map(String)
  return perLabel(1_000, (first) => {
    const ofFirst = perLabel(60, (second) => {
      const labels = Object.fromEntries(labelNames.map((label, i) => [label, labelNames[i + 1] ? second : first]))
      const key = labelNames.map((label) => `${label}:${labels[label]},`).join('')
      return (value = 1) => {
        const cell = metric.hashMap?.[key]
        if (!cell || metric.set) (metric.observe ?? metric.set ?? metric.inc).call(metric, labels, value)
        else if (names) {
          let i = 0
          while (value > bounds[i]) i++
          if (names[i]) cell.bucketValues[names[i]!]++
          cell.sum += value
          cell.count++
        } else cell.value += value
      }
    })
    return (second = 'none') => ofFirst(second)
  })
}

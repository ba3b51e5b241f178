import { createRequire } from 'node:module'
import { retry } from '@backon/core'
import { createNoopMeter, metrics } from '@opentelemetry/api'
import { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { afterEach, expect, test } from 'vitest'
import { otelMetrics } from './metrics.ts'

const sdk = () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const provider = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 60_000 })] })
  const points = async (name: string) => {
    await provider.forceFlush()
    const all = exporter.getMetrics().at(-1)!.scopeMetrics.flatMap(({ metrics }) => metrics)
    return all.find(({ descriptor }) => descriptor.name === name)?.dataPoints.map(({ attributes, value }) => [attributes, value])
  }
  return { provider, points }
}

afterEach(() => metrics.disable())

test("with the API's no-op meter it watches nothing, so that it costs nothing", () => {
  expect(otelMetrics({ meter: createNoopMeter() })).toEqual({ timeless: true })
  expect(otelMetrics({ meterProvider: metrics.getMeterProvider() })).toEqual({ timeless: true })

  const otherCopy = createRequire(import.meta.url)('@opentelemetry/api')
  expect(otherCopy.createNoopMeter()).not.toBe(createNoopMeter())
  expect(otelMetrics({ meter: otherCopy.createNoopMeter() })).toEqual({ timeless: true })
})

test('without a meter it counts from the moment on when there is a global provider', async () => {
  const { provider, points } = sdk()
  const options = { name: 'a', use: [otelMetrics()] }
  await retry(() => 1, options)
  metrics.setGlobalMeterProvider(provider)
  await retry(() => 1, options)
  await retry(() => 1, options)

  expect(await points('backon.retry.success')).toEqual([[{ target: 'a' }, 2]])
})

test('a given meter makes the instruments', async () => {
  const { provider, points } = sdk()
  await retry(() => 1, { name: 'a', use: [otelMetrics({ meter: provider.getMeter('mine') })] })

  expect(await points('backon.retry.success')).toEqual([[{ target: 'a' }, 1]])
})

test('RT-39: 1,500 names make 1,001 targets', async () => {
  const { provider, points } = sdk()
  const use = [otelMetrics({ meterProvider: provider })]
  for (let i = 0; i < 1_500; i++) await retry(() => 1, { name: `call-${i}`, use })

  expect((await points('backon.retry.success'))!.length).toBeLessThanOrEqual(1_001)
})

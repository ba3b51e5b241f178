import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { ensure } from '../scripts/system.mjs'

/** Finds a program of Debian's `prometheus`; says aloud why tests are skipped where there is none. */
export const programOf = (binary: 'prometheus' | 'promtool'): string | undefined => {
  const { path, why } = ensure('prometheus', binary)
  if (!path) process.stderr.write(`SKIPPED: the tests that need ${binary}: ${why}\n`)
  return path
}

/** Serves on a free port of 127.0.0.1. */
export const serve = async (listener: (...args: Parameters<RequestListener>) => unknown): Promise<{ server: Server; port: number }> => {
  const server = createServer((request, response) => void listener(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, port: (server.address() as AddressInfo).port }
}

/** Values by series, written as in PromQL, without what Prometheus or an exporter adds on its own. */
export type Samples = Record<string, number>

export interface Prometheus {
  /** The result of an instant query. */
  readonly query: (expression: string) => Promise<Samples>
  /** The series of a range query, each with its labels and its values at times in seconds since 1970. */
  readonly range: (expression: string, range: { readonly start: number; readonly end: number; readonly step: number }) => Promise<{ labels: Record<string, string>; values: [time: number, value: number][] }[]>
  readonly stop: () => Promise<void>
}

/** Where to scrape: the name of the job, and the path on the port. */
export interface Target {
  readonly job: string
  readonly port: number
  readonly path: string
}

/** How it is to be started. */
export interface PrometheusOptions {
  /** Its alerts, as a file has them. Default none. */
  readonly rules?: string
  /** How often it scrapes, and looks at its alerts. Default `200ms`. */
  readonly every?: string
}

/** Starts a real Prometheus, and waits until it has seen each target. */
export const startPrometheus = async (program: string, targets: readonly Target[], { rules, every = '200ms' }: PrometheusOptions = {}): Promise<Prometheus> => {
  const folder = await mkdtemp(join(tmpdir(), 'backon-prometheus-'))
  const { server, port } = await serve(() => {})
  await new Promise((resolve) => server.close(resolve))
  const jobs = targets.map(({ job, port, path }) => ({ job_name: job, metrics_path: path, static_configs: [{ targets: [`127.0.0.1:${port}`] }] }))
  // JSON is YAML too.
  const global = { scrape_interval: every, scrape_timeout: every, evaluation_interval: every }
  await writeFile(join(folder, 'prometheus.yml'), JSON.stringify({ global, scrape_configs: jobs, ...(rules && { rule_files: ['rules.yml'] }) }))
  if (rules) await writeFile(join(folder, 'rules.yml'), rules)
  const child = spawn(
    program,
    ['--config.file=prometheus.yml', '--storage.tsdb.path=data', `--web.listen-address=127.0.0.1:${port}`, '--log.level=warn'],
    { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let log = ''
  child.stderr.on('data', (text) => (log += text))
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()))

  const ask = async (what: string, parameters: Record<string, string>): Promise<any[]> => {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/${what}?${String(new URLSearchParams(parameters))}`)
    const { data, error } = (await response.json()) as any
    if (error) throw new Error(error)
    return data.result
  }
  const range: Prometheus['range'] = async (expression, { start, end, step }) =>
    (await ask('query_range', { query: expression, start: String(start), end: String(end), step: String(step) })).map(({ metric, values }) => ({ labels: metric, values: values.map(([time, value]: any) => [time, Number(value)]) }))
  const query = async (expression: string): Promise<Samples> => {
    const result = await ask('query', { query: expression })
    return Object.fromEntries(result.map(({ metric, value }) => [seriesName(metric), Number(value[1])]))
  }
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    await ended
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await until(async () => {
      if (child.exitCode !== null) throw new Error(`prometheus ended with ${child.exitCode}\n${log}`)
      const up = await query('count(up == 1)').catch(() => ({}))
      return Object.values(up)[0] === targets.length
    }, `prometheus to see ${targets.length} targets\n${log}`)
  } catch (error) {
    await stop()
    throw error
  }
  return { query, range, stop }
}

/** What holds once Prometheus has scraped: on a busy machine a scrape may fail, and its series are gone until the next. */
export const scraped = <T>(look: () => Promise<T>) => expect.poll(look, { timeout: 45_000 })

export const seriesName = ({ __name__: name = '', ...labels }: Record<string, string>): string => {
  const shown = Object.keys(labels).filter((label) => label !== 'job' && label !== 'instance' && !label.startsWith('otel_scope')).sort()
  return `${name}{${shown.map((label) => `${label}="${labels[label]}"`).join(',')}}`
}

/** Asks again until the answer is yes, for 45 s at most unless told otherwise. */
export const until = async (done: () => Promise<boolean> | boolean, what: string | (() => string), most = 45_000): Promise<void> => {
  for (const end = Date.now() + most; !(await done()); ) {
    if (Date.now() > end) throw new Error(`waited in vain for ${typeof what === 'string' ? what : what()}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

import type { Simulation } from '@backon/testing'
import { show } from './settings.ts'
import { draw, label, round } from './timeline.ts'

export interface Curve {
  readonly which: 'a' | 'b'
  readonly simulation: Simulation
}

const left = 44
const height = 180
const bottom = 150

/** Draws the load of the service for so many ms: requests a second, one line a policy, and the calls that were begun. `down` is when it was down. */
export function drawLoad(parent: HTMLElement, curves: readonly Curve[], duration: number, down: { from: number; to: number }): void {
  const width = Math.max(parent.clientWidth, 240)
  const seconds = duration / 1_000
  const during = ({ seconds: all }: Simulation) => all.slice(0, Math.floor(seconds))
  const lines = [{ name: 'begun', values: during(curves[0]!.simulation).map(({ calls }) => calls) }, ...curves.map(({ which, simulation }) => ({ name: which, values: during(simulation).map(({ requests }) => requests) }))]
  const most = Math.max(1, ...lines.flatMap(({ values }) => values))
  const x = (second: number): number => left + (second / seconds) * (width - left - 12)
  const y = (value: number): number => bottom - (value / most) * (bottom - 8)
  const picture = draw('svg', { width, height, viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': 'Requests a second' })
  if (down.to > down.from) picture.append(draw('rect', { x: x(down.from / 1_000), y: 8, width: Math.max(0, x(Math.min(down.to / 1_000, seconds)) - x(down.from / 1_000)), height: bottom - 8, class: 'down' }, 'the service is down'))
  for (let value = 0, step = round(most / 4); value <= most; value += step) picture.append(draw('line', { x1: left, x2: width - 12, y1: y(value), y2: y(value), class: 'grid' }), label(left - 6, y(value) + 4, show(value), 'end'))
  for (let second = 0, step = round(seconds / Math.max(2, width / 110)); second <= seconds; second += step) picture.append(label(x(second), bottom + 18, `${show(second)} s`, second === 0 ? 'start' : 'middle'))
  for (const { name, values } of lines) {
    picture.append(draw('polyline', { points: values.map((value, second) => `${x(second + 0.5).toFixed(1)},${y(value).toFixed(1)}`).join(' '), class: `curve ${name}` }))
  }
  parent.replaceChildren(picture)
}

/** What to say of a simulation, by name. */
export function loadNumbers({ seconds, total }: Simulation): Record<string, string> {
  return {
    requests: show(total.requests),
    'busiest second': show(Math.max(...seconds.map(({ requests }) => requests))),
    'requests a call': show(total.requests / Math.max(1, total.calls)),
    'calls failed': `${show((total.failures / Math.max(1, total.calls)) * 100)} %`,
    'slowest 1 %': `${show(Math.round(total.latency.p99))} ms`,
  }
}

import uPlot from 'uplot'
import type { Step } from './schedule.ts'
import { show } from './settings.ts'

const colour = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()

/** Writes a time for people. */
export const time = (ms: number): string => (ms >= 999.995 ? `${show(ms / 1_000)} s` : `${show(ms)} ms`)

/** Plots the waits with their band in `parent`. Made anew for each schedule: it is cheap, and follows the colours of the page. */
export function plot(parent: HTMLElement, steps: readonly Step[], which: 'a' | 'b'): uPlot | undefined {
  parent.replaceChildren()
  if (steps.length === 0) return undefined
  const own = colour(which === 'a' ? 'accent' : 'b')
  const edge = (label: string): uPlot.Series => ({ label, stroke: own, width: 1, dash: [4, 4], points: { show: false } })
  const axis = (label: string): uPlot.Axis => ({ label, stroke: colour('text'), grid: { stroke: colour('line'), width: 1 }, ticks: { stroke: colour('line') }, labelSize: 18, font: '12px system-ui', labelFont: '12px system-ui' })
  const last = steps.at(-1)!.tries
  return new uPlot(
    {
      width: Math.max(parent.clientWidth, 240),
      height: 220,
      scales: { x: { time: false, range: [0.5, last + 0.5] }, y: { range: (_, __, max) => [0, max > 0 ? max * 1.05 : 1] } },
      axes: [
        { ...axis('after attempt'), incrs: [1, 2, 5, 10, 20, 50] },
        { ...axis('wait'), size: 64, values: (_, ticks) => ticks.map(time) },
      ],
      series: [
        { label: 'after attempt' },
        edge('at most'),
        { label: 'in the middle', stroke: own, width: 2, points: { show: true, size: 7, fill: own } },
        edge('at least'),
      ],
      bands: [{ series: [1, 3], fill: colour(which === 'a' ? 'band' : 'band-b') }],
      legend: { show: false },
      cursor: { show: false },
    },
    [steps.map(({ tries }) => tries), steps.map(({ most }) => most), steps.map(({ middle }) => middle), steps.map(({ least }) => least)],
    parent,
  )
}

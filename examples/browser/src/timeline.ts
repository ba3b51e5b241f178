import { time } from './chart.ts'
import type { Story } from './run.ts'

const svg = 'http://www.w3.org/2000/svg'
const left = 44
const rowHeight = 16
const stripHeight = 14
/** The more it lets through, the lower the strip: colours alone do not tell states apart for everybody. */
const stripOf = { closed: 4, 'half-open': 9, open: stripHeight, isolated: stripHeight } as const

export function draw(name: string, attributes: Record<string, string | number>, title?: string): SVGElement {
  const element = document.createElementNS(svg, name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value))
  if (title) {
    const text = document.createElementNS(svg, 'title')
    text.textContent = title
    element.append(text)
  }
  return element
}

export const label = (x: number, y: number, text: string, anchor = 'start'): SVGElement => {
  const element = draw('text', { x, y, 'text-anchor': anchor })
  element.textContent = text
  return element
}

/** A round number near another one, for the marks of an axis. */
export const round = (ms: number): number => {
  const power = 10 ** Math.floor(Math.log10(ms))
  return power * ([1, 2, 5, 10].find((digit) => digit * power >= ms) ?? 10)
}

/** Draws the story up to `end`: a row a call, the circuit above. */
export function drawTimeline(parent: HTMLElement, story: Story, end = Math.max(story.now, 1)): void {
  const width = Math.max(parent.clientWidth, 240)
  const x = (at: number): number => left + (Math.min(at, end) / end) * (width - left - 12)
  const top = story.circuit.length > 0 ? stripHeight + 8 : 4
  const bottom = top + story.calls.length * rowHeight
  const picture = draw('svg', { width, height: bottom + 22, viewBox: `0 0 ${width} ${bottom + 22}`, 'aria-hidden': 'true' })

  const step = round(end / Math.max(2, width / 110))
  for (let at = 0; at <= end; at += step) {
    picture.append(draw('line', { x1: x(at), x2: x(at), y1: 0, y2: bottom, class: 'grid' }), label(x(at), bottom + 15, time(at), at === 0 ? 'start' : 'middle'))
  }
  for (const [index, { at, state }] of story.circuit.entries()) {
    const to = story.circuit[index + 1]?.at ?? end
    picture.append(draw('rect', { x: x(at), y: 2 + stripHeight - stripOf[state], width: Math.max(x(to) - x(at), 1), height: stripOf[state], class: `circuit ${state}` }, `circuit ${state} from ${time(at)}`))
  }
  if (story.circuit.length > 0) picture.append(label(0, 13, 'circuit'))
  for (const index of story.calls.keys()) picture.append(label(0, top + index * rowHeight + 12, `#${index + 1}`))
  for (const { call, kind, tries, copy, from, to, outcome } of story.spans) {
    const y = top + call * rowHeight
    const long = Math.max(x(to) - x(from), 2)
    const when = `from ${time(from)}${to < Infinity ? ` to ${time(to)}` : ''}`
    if (kind === 'wait') picture.append(draw('rect', { x: x(from), y: y + 7, width: long, height: 2, class: 'wait' }, `wait ${when}`))
    else if (kind === 'refused') picture.append(draw('path', { d: `M${x(from) - 4} ${y + 3}l8 10m0 -10l-8 10`, class: 'refused' }, `refused at ${time(from)}`))
    else {
      // Copies of one attempt share the height of its row. What failed is low, as in the legend: red and green are one colour for some.
      const half = copy > 1
      const height = (half ? 5 : 12) - (outcome === 'failed' ? (half ? 2 : 5) : 0)
      picture.append(draw('rect', { x: x(from), y: half ? y + 14 - height : y + 8 - height / 2, width: long, height, rx: Math.min(2, height / 2), class: `request ${outcome.replace(' ', '-')}` }, `attempt ${tries}, request ${copy}: ${outcome}, ${when}`))
    }
  }
  parent.replaceChildren(picture)
}

/** The numbers of the story, by name. */
export function numbers(story: Story): Record<string, string> {
  const count = (outcome: string): number => story.calls.filter((call) => call.outcome === outcome).length
  return {
    calls: String(story.calls.length),
    succeeded: String(count('ok')),
    failed: String(count('failed')),
    'cut off': String(count('cut off')),
    requests: String(story.spans.filter(({ kind }) => kind === 'request').length),
    refused: String(story.spans.filter(({ kind }) => kind === 'refused').length),
    'further copies': String(story.hedges),
    circuit: story.circuit.at(-1)?.state ?? 'none',
    time: time(story.now),
  }
}

import { code } from './code.ts'
import { plot, time } from './chart.ts'
import { make, showForm } from './form.ts'
import { newStory, run } from './run.ts'
import { schedule, type Step } from './schedule.ts'
import type { Settings } from './settings.ts'
import { drawTimeline, numbers } from './timeline.ts'

const at = <Name extends HTMLElement>(id: string): Name => document.querySelector<Name>(`#${id}`)!
const start = at<HTMLButtonElement>('start')
const stop = at<HTMLButtonElement>('stop')
const copy = at<HTMLButtonElement>('copy')
const message = at('message')

let settings: Settings | undefined
let steps: Step[] = []
let running: AbortController | undefined

function showSchedule(): void {
  plot(at('chart'), steps)
  let sum = 0
  at('waits').replaceChildren(
    ...steps.map(({ tries, least, middle, most }) => {
      sum += middle
      return make('tr', {}, ...[String(tries), time(least), time(middle), time(most), time(sum)].map((text) => make('td', {}, text)))
    }),
  )
  at('waits-none').hidden = steps.length > 0
}

at('form').addEventListener('submit', (event) => event.preventDefault())
showForm(at('form'), (chosen) => {
  settings = chosen
  start.disabled = copy.disabled = !chosen
  message.textContent = chosen ? '' : 'Some fields need another value; what is shown is as before.'
  if (!chosen) return
  try {
    steps = schedule(chosen)
    at('code').textContent = code(chosen)
    showSchedule()
  } catch (error) {
    // What only the library knows: that `min` is above `max`, say.
    settings = undefined
    start.disabled = copy.disabled = true
    message.textContent = error instanceof Error ? error.message : String(error)
  }
})

async function startRun(settings: Settings): Promise<void> {
  running?.abort()
  const controller = (running = new AbortController())
  const story = newStory()
  const summary = at('numbers')
  const show = (): void => {
    if (running !== controller) return
    drawTimeline(at('timeline'), story)
    summary.replaceChildren(...Object.entries(numbers(story)).map(([name, value]) => make('div', {}, make('dt', {}, name), make('dd', { 'data-number': name }, value))))
  }
  let frame = 0
  const animate = (): void => {
    show()
    frame = requestAnimationFrame(animate)
  }
  animate()
  stop.disabled = false
  at('ended').textContent = 'Running …'
  try {
    await run(settings, story, controller.signal)
  } finally {
    cancelAnimationFrame(frame)
    show()
    if (running === controller) {
      stop.disabled = true
      const { succeeded, calls } = numbers(story)
      const last = story.calls.at(-1)
      at('ended').textContent = `${controller.signal.aborted ? 'Stopped' : 'Done'}: ${succeeded} of ${calls} calls succeeded.${last?.said ? ` The last one: ${last.said}.` : ''}`
    }
  }
}
start.addEventListener('click', () => {
  if (settings) void startRun(settings)
})

const reason = (text: string): DOMException => new DOMException(text, 'AbortError')
stop.addEventListener('click', () => running?.abort(reason('stopped')))
// A page that is left must not go on calling from the back/forward cache.
addEventListener('pagehide', () => running?.abort(reason('the page was left')))

async function copyCode(): Promise<void> {
  const text = at('code').textContent ?? ''
  try {
    await navigator.clipboard.writeText(text)
    at('copied').textContent = 'Copied.'
  } catch {
    getSelection()?.selectAllChildren(at('code'))
    at('copied').textContent = 'Your browser does not let the page copy; the code is selected.'
  }
  setTimeout(() => (at('copied').textContent = ''), 3_000)
}
copy.addEventListener('click', () => void copyCode())

// The chart paints its own colours and knows its own width.
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', showSchedule)
new ResizeObserver(() => showSchedule()).observe(at('chart'))

import { time } from './chart.ts'
import { make, showForm } from './form.ts'
import { load } from './load.ts'
import { type Curve, drawLoad, loadNumbers } from './load-chart.ts'
import { list, panel } from './panel.ts'
import { presets } from './presets.ts'
import { newStory, play, runReal, type Story } from './run.ts'
import { schedule } from './schedule.ts'
import { initial, policyOf, type Settings } from './settings.ts'
import { numbers } from './timeline.ts'

const at = <Name extends HTMLElement>(id: string): Name => document.querySelector<Name>(`#${id}`)!
const start = at<HTMLButtonElement>('start')
const stop = at<HTMLButtonElement>('stop')
const message = at('message')
const ended = at('ended')
const panels = { a: panel('a'), b: panel('b') }

let settings: Settings | undefined
let running = new AbortController()
/** Settles when nothing runs any more: the clock of a simulation is that of the whole page, so there is one at a time. */
let idle: Promise<unknown> = Promise.resolve()

const reason = (text: string): DOMException => new DOMException(text, 'AbortError')
const policies = (settings: Settings): ('a' | 'b')[] => (settings.compare ? ['a', 'b'] : ['a'])

const summary = (story: Story): string => {
  const { succeeded, calls } = numbers(story)
  return `${succeeded} of ${calls} calls succeeded`
}

/** Plays everything, in virtual time, and shows it. Says `running` on the page for as long as it takes. */
async function simulateAll(settings: Settings, signal: AbortSignal): Promise<void> {
  const all = policies(settings)
  const stories: Story[] = []
  for (const which of all) {
    stories.push(await play(settings, policyOf(settings, which), signal))
    if (signal.aborted) return
  }
  const end = Math.max(1, ...stories.map(({ now }) => now))
  for (const [i, which] of all.entries()) panels[which].showStory(stories[i]!, end)
  ended.textContent = `${time(end)} in no time: ${all.map((which, i) => `${all.length > 1 ? `${which.toUpperCase()}: ` : ''}${summary(stories[i]!)}`).join(' · ')}.`

  const curves: Curve[] = []
  for (const which of all) {
    curves.push({ which, simulation: await load(settings, policyOf(settings, which)) })
    if (signal.aborted) return
  }
  const { outageFrom, outageFor } = settings as Record<string, number>
  const show = (): void => drawLoad(at('load'), curves, settings.duration as number, { from: outageFrom!, to: outageFrom! + outageFor! })
  show()
  redraw = show
  for (const { which, simulation } of curves) list(at(`load-numbers-${which}`), loadNumbers(simulation), 'data-load')
}
let redraw = (): void => {}
new ResizeObserver(() => redraw()).observe(at('load'))

/** Runs one thing after the other; what was under way is cut off. `data-state` says when there is nothing more to come. */
function begin(act: (signal: AbortSignal) => Promise<void>): void {
  running.abort(reason('something else was chosen'))
  const controller = (running = new AbortController())
  document.body.dataset.state = 'running'
  idle = idle
    .then(() => (controller.signal.aborted ? undefined : act(controller.signal)))
    .catch((error: unknown) => (message.textContent = String(error)))
    .then(() => {
      if (running === controller) document.body.dataset.state = 'done'
    })
}

async function callReal(settings: Settings, signal: AbortSignal): Promise<void> {
  const story = newStory()
  const show = (): void => panels.a.showStory(story)
  let frame = 0
  const animate = (): void => {
    show()
    frame = requestAnimationFrame(animate)
  }
  animate()
  stop.disabled = false
  ended.textContent = 'Running …'
  try {
    await runReal(settings, policyOf(settings, 'a'), story, signal)
  } finally {
    cancelAnimationFrame(frame)
    show()
    stop.disabled = true
    const said = story.calls.at(-1)?.said
    ended.textContent = `${signal.aborted ? 'Stopped' : 'Done'}: ${summary(story)}.${said ? ` The last one: ${said}.` : ''}`
  }
}

/** Shows what was chosen, and plays it at once where that does not mean to call somebody. */
function follow(chosen: Settings): void {
  const isReal = chosen.service === 'url'
  document.body.dataset.played = 'true'
  for (const which of policies(chosen)) {
    const policy = policyOf(chosen, which)
    panels[which].showPolicy(policy, schedule(policy), isReal ? String(chosen.url) : '')
  }
  panels.b.hide(!chosen.compare)
  document.body.dataset.compare = String(chosen.compare)
  at('load-section').hidden = isReal
  at('buttons').hidden = !isReal
  at('clients').textContent = `${(chosen.clients as number).toLocaleString('en')} clients`
  if (isReal) {
    running.abort(reason('something else was chosen'))
    ended.textContent = 'A real address is called in real time, when you say so: press Run.'
    document.body.dataset.state = 'done'
  } else begin((signal) => simulateAll(chosen, signal))
}

function changed(chosen: Settings | undefined): void {
  settings = chosen
  message.textContent = chosen ? '' : `Some fields need another value${document.body.dataset.played ? '; what is shown is as before.' : ': they say which.'}`
  try {
    if (chosen) follow(chosen)
  } catch (error) {
    // What only the library knows: that `min` is above `max`, say.
    settings = undefined
    message.textContent = error instanceof Error ? error.message : String(error)
  }
  start.disabled = !settings
  // Nothing is played, and nothing was before: that is all there is to come.
  document.body.dataset.state ??= 'done'
  const preset = chosen && Object.entries(presets).find(([, { settings }]) => Object.entries(chosen).every(([name, value]) => Object.is(value, settings[name] ?? initial[name])))
  for (const button of document.querySelectorAll<HTMLElement>('[data-preset]')) button.setAttribute('aria-pressed', String(button.dataset.preset === preset?.[0]))
  at('says').textContent = preset?.[1].says ?? 'Choose a situation, or a policy of your own. It is played at once, in virtual time: the same settings give the same picture.'
}

at('form').addEventListener('submit', (event) => event.preventDefault())
for (const [name, { title }] of Object.entries(presets)) at('presets').append(make('button', { type: 'button', 'data-preset': name, 'aria-pressed': 'false' }, title))
const form = showForm(at('form'), changed)

at('presets').addEventListener('click', ({ target }) => {
  const button = (target as HTMLElement).closest<HTMLButtonElement>('[data-preset]')
  if (button) form.set(presets[button.dataset.preset!]!.settings)
})
start.addEventListener('click', () => {
  const chosen = settings
  if (chosen) begin((signal) => callReal(chosen, signal))
})
stop.addEventListener('click', () => running.abort(reason('stopped')))
// A page that is left must not go on calling from the back/forward cache.
addEventListener('pagehide', () => running.abort(reason('the page was left')))
addEventListener('pageshow', ({ persisted }) => {
  if (persisted && settings?.service === 'simulated') follow(settings)
})

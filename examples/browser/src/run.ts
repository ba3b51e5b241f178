import { CircuitOpenError, type CircuitState } from '@backon/breaker'
import { type Attempt, clock, type Plugin, retry, sleep } from '@backon/core'
// For the hook that it adds to `Plugin`.
import type {} from '@backon/hedge'
import { seededRandom, virtualClock } from '@backon/testing'
import { buildPolicy } from './policy.ts'
import { real, type Service, simulated } from './service.ts'
import type { Settings } from './settings.ts'

export type Outcome = 'running' | 'ok' | 'failed' | 'cut off'

/** A request that went out, a wait, or a refusal, in one call. Times in ms since the run began. */
export interface Span {
  readonly call: number
  readonly kind: 'request' | 'wait' | 'refused'
  readonly tries: number
  /** Which of the requests that were out for this attempt; the first is 1. */
  readonly copy: number
  readonly from: number
  to: number
  outcome: Outcome
}

/** What has happened so far. It grows while the run goes on. */
export interface Story {
  readonly spans: Span[]
  readonly circuit: { readonly at: number; readonly state: CircuitState }[]
  readonly calls: { readonly from: number; to: number; outcome: Outcome; said: string }[]
  hedges: number
  now: number
}

export const newStory = (): Story => ({ spans: [], circuit: [], calls: [], hedges: 0, now: 0 })

/** Plays the calls against the simulated service, in virtual time: the same settings give the same story. Ends early when `signal` aborts. */
export async function play(settings: Settings, policy: Settings, signal: AbortSignal): Promise<Story> {
  const story = newStory()
  const time = virtualClock()
  const now = (): number => time.now()
  const service = simulated(settings, 1 / (settings.every as number))
  await seededRandom(settings.seed as number, () => time.run(() => makeCalls(settings, policy, service, story, now, signal)))
  story.now = now()
  return story
}

/** Makes the calls to a real address, in real time, and writes down in `story` what becomes of them. */
export async function runReal(settings: Settings, policy: Settings, story: Story, signal: AbortSignal): Promise<void> {
  const time = clock()
  const start = time.now()
  const now = (): number => time.now() - start
  const tick = setInterval(() => (story.now = now()), 20)
  try {
    await makeCalls(settings, policy, real(settings.url as string), story, now, signal)
  } finally {
    clearInterval(tick)
    story.now = now()
  }
}

async function makeCalls(settings: Settings, policy: Settings, service: Service, story: Story, now: () => number, signal: AbortSignal): Promise<void> {
  const turn = (state: CircuitState) => () => void story.circuit.push({ at: now(), state })
  const watcher: Plugin = {
    onHedge: () => void story.hedges++,
    onCircuitOpen: turn('open'),
    onCircuitHalfOpen: turn('half-open'),
    onCircuitClose: turn('closed'),
  }
  const { options, breaker } = buildPolicy(policy, watcher)
  if (breaker) turn('closed')()

  const call = async (index: number): Promise<void> => {
    const mine = story.calls[index]!
    const spans: Span[] = []
    const add = (span: Omit<Span, 'call'>): Span => {
      const added = { call: index, ...span }
      spans.push(added)
      story.spans.push(added)
      return added
    }
    const operation = async ({ tries, signal }: Attempt): Promise<string> => {
      const copy = spans.filter((span) => span.kind === 'request' && span.tries === tries).length + 1
      const span = add({ kind: 'request', tries, copy, from: now(), to: Infinity, outcome: 'running' })
      const end = (outcome: Outcome): void => {
        if (span.outcome === 'running') Object.assign(span, { to: now(), outcome })
      }
      signal.addEventListener('abort', () => end('cut off'))
      try {
        const said = await service(signal, index)
        end('ok')
        return said
      } catch (error) {
        end(signal.aborted ? 'cut off' : 'failed')
        throw error
      }
    }
    try {
      mine.said = await retry(operation, {
        ...options,
        signal,
        name: `call ${index + 1}`,
        onBackoff: ({ tries, wait }) => add({ kind: 'wait', tries, copy: 1, from: now(), to: now() + wait, outcome: 'ok' }),
        after: ({ tries, exception }) => {
          if (exception instanceof CircuitOpenError) add({ kind: 'refused', tries, copy: 1, from: now(), to: now(), outcome: 'failed' })
        },
      })
      mine.outcome = 'ok'
    } catch (error) {
      mine.said = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
      mine.outcome = signal.aborted ? 'cut off' : 'failed'
    }
    mine.to = now()
    // What is still open was cut short with the call.
    for (const span of spans) span.to = Math.min(span.to, mine.to)
  }

  const running: Promise<void>[] = []
  for (let index = 0; index < (settings.calls as number) && !signal.aborted; index++) {
    if (index > 0 && !(await sleep(settings.every as number, signal).then(() => true, () => false))) break
    story.calls.push({ from: now(), to: Infinity, outcome: 'running', said: '' })
    running.push(call(index))
  }
  await Promise.all(running)
}

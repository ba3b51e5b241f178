import { getEventListeners } from 'node:events'
import { type Hooks, override, type Plugin } from '@backon/core'
import { withdraw } from '@backon/core/kit'
import type { RetryBudget } from '@backon/limit'
import { randomFrom, recordRetries } from '@backon/testing'
import { diceFrom } from './dice.ts'
import { type Layer, layerOf, type Next } from './layers.ts'
import type { Plan } from './plan.ts'
import { type Reach, type Service, serviceOf } from './service.ts'
import { idle, type Time, timeFrom } from './time.ts'

/** A passage through a place of the stack, into the layer of that number; the place after the last layer is the service. */
export interface Passage {
  readonly reach: any
  outcome: 'running' | 'returned' | 'threw'
  result: any
  /** Whether the attempt was aborted when it came back. */
  aborted: boolean
}

/** What the plugins of a head, or of a policy, heard. */
export interface Told {
  readonly event: string
  readonly at: number
  readonly details: any
}

/** How a call went. */
export interface Went {
  readonly at: number
  readonly signal: AbortSignal
  readonly reason: unknown
  leftAt: number | undefined
  end: number | undefined
  outcome: 'running' | 'returned' | 'threw'
  result: any
}

/** Where a layer stands. */
export interface Levels {
  readonly running: number
  readonly queued: number
  /** Probes that are out. */
  readonly out: number
  readonly state: string | undefined
  readonly failures: number
  readonly requests: number
  readonly balance: number | undefined
}

const levelsOf = ({ limit, breaker, throttle, budget }: Layer): Levels => ({
  running: limit?.running ?? 0,
  queued: limit?.queued ?? 0,
  out: (breaker as { _circuit?: { _out: number } } | undefined)?._circuit?._out ?? 0,
  state: breaker?.state,
  failures: breaker?.failureCount ?? 0,
  requests: throttle?.requests ?? 0,
  balance: budget?.balance,
})

/** All that happened in a run. */
export interface Played {
  readonly plan: Plan
  readonly layers: readonly Layer[]
  readonly service: Service
  readonly passages: readonly (readonly Passage[])[]
  /** By the place of the head, or of the policy. */
  readonly told: ReadonlyMap<number, readonly Told[]>
  /** To which of them the layer at a place tells what it does, and among whose plugins it is. */
  readonly tells: readonly (number | undefined)[]
  readonly member: readonly (number | undefined)[]
  readonly calls: readonly Went[]
  readonly recorded: { readonly calls: number; readonly tries: number; readonly outcomes: readonly string[] }
  /** Of the library: when the last call had ended, and when all that was given up on had ended too. */
  readonly timersLeft: number
  readonly timersAtLast: number
  readonly listenersLeft: number
  /** Where each layer stood: when the last call had ended, and when all had. */
  readonly levelsLeft: readonly Levels[]
  readonly levelsAtLast: readonly Levels[]
  readonly unhandled: readonly unknown[]
  readonly reported: readonly unknown[]
  readonly hangs: boolean
  /** What the service and the callers saw, in words. */
  readonly trace: readonly string[]
  readonly counted: ReadonlyMap<number, ReadonlyMap<string, number>>
  /** Lets time pass, then calls until every circuit is closed, as the service is well now. Says whether that was so in time. */
  readonly heal: () => Promise<boolean>
}

const events = [
  'onAttempt', 'after', 'onBackoff', 'onSuccess', 'onGiveup', 'onAbort', 'onCircuitOpen', 'onCircuitHalfOpen', 'onCircuitClose', 'onCircuitReject',
  'onHedge', 'onHedgeFail', 'onHedgeWin', 'onLimitWait', 'onLimitReject', 'onBudgetReject', 'onThrottleReject',
] as const satisfies readonly (keyof Hooks)[]

const watcherOf = (time: Time, told: Told[]): Plugin =>
  Object.fromEntries(events.map((event) => [event, (details: unknown) => void told.push({ event, at: time.now(), details })]))

/** Watches what passes a place. It changes nothing: what fails behind it still has to be handled in front of it. */
const tapOf = (passages: Passage[]) => (next: Next): Next => (reach) => {
  const passage: Passage = { reach, outcome: 'running', result: undefined, aborted: false }
  passages.push(passage)
  const back = (outcome: Passage['outcome'], result: unknown): void => void Object.assign(passage, { outcome, result, aborted: reach.aborted })
  const returned = (value: unknown): unknown => {
    back('returned', value)
    return value
  }
  const threw = (error: unknown): never => {
    back('threw', error)
    throw error
  }
  try {
    const result: any = next(reach)
    return typeof result?.then === 'function' ? result.then(returned, threw) : returned(result)
  } catch (error) {
    return threw(error)
  }
}

/** What a caller outside of any attempt has. */
const reachOf = (signal: AbortSignal): Reach => ({
  signal,
  get aborted() {
    return signal.aborted
  },
  get reason(): unknown {
    return signal.reason
  },
})

/** Notes rejections that nobody handles, and errors that nobody awaits, until told to stop. */
const overhear = () => {
  const unhandled: unknown[] = []
  const reported: unknown[] = []
  const { reportError } = globalThis
  const onUnhandled = (error: unknown): void => void unhandled.push(error)
  process.on('unhandledRejection', onUnhandled)
  globalThis.reportError = (error) => void reported.push(error)
  const stop = (): void => {
    process.off('unhandledRejection', onUnhandled)
    globalThis.reportError = reportError
  }
  return { unhandled, reported, stop }
}

const traceOf = (service: Service, calls: readonly Went[]): string[] => [
  ...service.runs.map(({ id, at, end, outcome }) => `run ${id} at ${at} ${outcome} at ${end}`),
  ...calls.map(({ at, end, outcome, result }) => `call at ${at} ${outcome} at ${end}: ${result?.id ?? String(result)}`),
]

/** More than any run needs: so many timers fire in one that goes round in circles. */
const most = 20_000

/** Plays a run, on a clock of its own. */
export const play = async (plan: Plan): Promise<Played> => {
  const time = timeFrom(0)
  const forced = { clock: time, random: randomFrom(plan.seed + 1) }
  const off = override(forced)
  const recording = recordRetries()
  const { unhandled, reported, stop } = overhear()

  const service = serviceOf(time, plan.seed + 2, plan.deaf)
  const told = new Map<number, Told[]>()
  const passages: Passage[][] = Array.from({ length: plan.layers.length + 1 }, () => [])
  const taps = passages.map((list) => (plan.tapped ? tapOf(list) : (next: Next): Next => next))
  const tells: (number | undefined)[] = []
  const member: (number | undefined)[] = []

  let budget: RetryBudget | undefined
  const layers: Layer[] = []
  for (const [place, { kind, form, seed, tries, same }] of plan.layers.entries()) {
    const list: Told[] = []
    const begins = form === 'head' || kind === 'retry'
    if (begins) told.set(place, list)
    tells.push(begins ? place : form === 'call' ? undefined : tells[place - 1])
    member.push(form === 'head' ? place : form === 'call' ? undefined : member[place - 1])
    const dice = diceFrom(seed)
    const layer = layerOf(kind, form, dice, watcherOf(time, list), dice.chance(0.5) ? budget : undefined, tries)
    layers.push(same === undefined ? layer : { ...layers[same]!, form, same })
    budget = layer.budget ?? budget
  }

  /** Puts the layers from this place on around the service. */
  const stack = (place: number): Next => {
    const layer = layers[place]
    const tap = taps[place]!
    if (!layer) return tap((reach) => service.call(reach as Reach))
    const use: Plugin[] = []
    let next = place + 1
    for (; layer.form === 'head' && layers[next]?.form === 'plugin'; next++) {
      const around = taps[next]!
      use.push({ timeless: true, wrap: (inside) => around(inside) as never }, layers[next]!.plugin!)
      if (plan.twice?.second === next) use.push(layers[plan.twice.first]!.plugin!)
    }
    const inside = stack(next)
    return tap((reach) => layer.run!(inside, reach as Reach, use))
  }
  const whole = stack(0)

  const begin = (signal: AbortSignal, reason?: unknown): Went => {
    const went: Went = { at: time.now(), signal, reason, leftAt: undefined, end: undefined, outcome: 'running', result: undefined }
    const ended = (outcome: Went['outcome']) => (result: unknown) => void Object.assign(went, { outcome, result, end: time.now() })
    // As an async function would: what is thrown at once is the call's outcome too.
    new Promise((resolve) => {
      resolve(whole(reachOf(signal)))
    }).then(ended('returned'), ended('threw'))
    return went
  }

  const calls: Went[] = []
  const script = plan.moods.map(({ mood }, i) => ({ at: i && plan.moods[i - 1]!.until, act: () => void (service.mood = mood) }))
  script.push({ at: plan.moods.at(-1)!.until, act: () => void (service.mood = 'healthy') })
  for (const { at, leaves } of plan.calls) {
    const controller = new AbortController()
    script.push({ at, act: () => void calls.push(begin(controller.signal, leaves?.reason)) })
    if (!leaves) continue
    const leave = (): undefined => {
      calls.find(({ signal }) => signal === controller.signal)!.leftAt = time.now()
      controller.abort(leaves.reason)
    }
    script.push({ at: at + leaves.after, act: leave })
  }
  for (const { at, act } of script.toSorted((a, b) => a.at - b.at)) {
    await time.pass(at - time.now())
    act()
  }
  const isRunning = ({ end }: Went): boolean => end === undefined
  await idle()
  for (let i = 0; i < most && calls.some(isRunning) && time.pending; i++) await time.step()
  const hangs = calls.some(isRunning)
  const timersLeft = time.pending - service.pending
  const levelsLeft = layers.map(levelsOf)
  for (let i = 0; i < most && time.pending; i++) await time.step()
  await idle()

  const levelsAtLast = layers.map(levelsOf)
  const counted = new Map<number, ReadonlyMap<string, number>>()
  for (const [place, layer] of layers.entries()) if (layer.counted) counted.set(place, await layer.counted())
  for (const { breaker, limit, throttle, budget } of layers) for (const one of [breaker, limit, throttle, budget]) if (one) withdraw(one)
  recording()
  stop()
  off()

  const heal = async (): Promise<boolean> => {
    const off = override(forced)
    const breakers = layers.flatMap(({ breaker }) => breaker ?? [])
    // Longer than a circuit stays open, a probe may be out, and a throttle remembers.
    await time.pass(61_000)
    let healed = false
    for (let i = 0; i < 8 && !healed; i++) {
      const went = begin(new AbortController().signal)
      await idle()
      for (let i = 0; i < most && isRunning(went) && time.pending; i++) await time.step()
      // The success that follows a failure may open one that counts shares.
      await time.pass(400)
      healed = breakers.every(({ state }) => state === 'closed')
    }
    off()
    return healed
  }
  return {
    plan, layers, service, passages, told, tells, member, calls,
    recorded: {
      calls: recording.calls.length,
      tries: recording.calls.reduce((sum, { tries }) => sum + tries, 0),
      outcomes: recording.calls.map(({ outcome }) => outcome).sort(),
    },
    trace: traceOf(service, calls), timersLeft, timersAtLast: time.pending, listenersLeft: Math.max(0, ...calls.map(({ signal }) => getEventListeners(signal, 'abort').length)),
    levelsLeft, levelsAtLast, unhandled, reported, hangs, counted, heal,
  }
}

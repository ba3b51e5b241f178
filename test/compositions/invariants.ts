import { TimeoutError } from '@backon/core'
import { hintOf, isRefused, type Layer } from './layers.ts'
import type { Passage, Played, Told } from './play.ts'

/** Says what is wrong: nothing, or a line for each thing. */
export type Invariant = (played: Played) => Iterable<string> | AsyncIterable<string>

const named = (told: readonly Told[], ...events: string[]): Told[] => told.filter(({ event }) => events.includes(event))
const ends = ['onSuccess', 'onGiveup', 'onAbort']

/** What a head has told, call by call. */
const byCall = (told: readonly Told[]): Told[][] => {
  const calls = new Map<object, Told[]>()
  for (const one of named(told, 'onAttempt', 'after', 'onBackoff', ...ends)) calls.set(one.details.call, [...(calls.get(one.details.call) ?? []), one])
  return [...calls.values()]
}

const innermost = ({ layers }: Played): number => layers.length
const reasonsOf = ({ calls }: Played): Set<unknown> => new Set(calls.flatMap(({ reason }) => reason ?? []))
const isTimeout = (error: unknown): boolean => error instanceof TimeoutError

/** Attempts that ran, of calls that have ended: those that were refused are none. */
const ran = (told: readonly Told[]): number => {
  let sum = 0
  for (const call of byCall(told)) sum += call.at(-1)!.details.tries - named(call, 'after').filter(({ details }) => isRefused(details.exception)).length
  return sum
}

/** What a layer's passages have come to on its inner side. */
const inside = ({ passages }: Played, place: number): readonly Passage[] => passages[place + 1]!

/** What it tells of itself is not of one place. */
const isShared = (layers: readonly Layer[], { told }: Layer): boolean => layers.filter((other) => other.told === told).length > 1

const labelled = (layer: Layer, place: number): string => `${layer.kind} at ${place}`

export const invariants: Record<string, Invariant> = {
  *'a call never hangs'({ hangs, calls }) {
    if (hangs) yield `no timer is set, and of ${calls.length} calls run on: ${calls.filter(({ end }) => end === undefined).length}`
  },

  *'no layer changes the error, or the value'(played) {
    const { service, calls, layers } = played
    const reasons = reasonsOf(played)
    for (const { outcome, result } of calls) {
      if (outcome === 'returned' && !service.answers.has(result)) yield `returned ${String(result)}, which the service did not answer`
      if (outcome !== 'threw' || service.thrown.has(result) || reasons.has(result)) continue
      if (isRefused(result) && ['circuit', 'limit', 'throttle'].includes(result.refusedBy)) continue
      if (isTimeout(result) && layers.some(({ mayTimeOut }) => mayTimeOut)) continue
      yield `threw ${String(result?.stack ?? result)}`
    }
  },

  *'who leaves gets the identical reason at once'({ calls, layers }) {
    // What is called outside of a call knows no signal: there it is the service that has to end.
    const follows = layers.findIndex(({ form }) => form === 'head')
    if (follows < 0 || layers.slice(0, follows).some(({ limit }) => limit)) return
    for (const { leftAt, end, outcome, result, reason } of calls) {
      if (leftAt === undefined || end! < leftAt) continue
      // In the same moment it may have ended just before.
      if (end !== leftAt) yield `left at ${leftAt}, ended at ${end}`
      else if (outcome === 'threw' && result !== reason && !(result instanceof Error)) yield `left, and got ${String(result)}`
    }
  },

  *'who has left runs on nowhere: the signal of each run is aborted'({ calls, service, layers }) {
    if (!layers.some(({ form }) => form === 'head')) return
    for (const { end, outcome, result, reason, leftAt, signal } of calls) {
      if (leftAt === undefined || outcome !== 'threw' || result !== reason) continue
      for (const run of service.runs) if (run.signal === signal && run.end === undefined && !signal.aborted) yield `run ${run.id} goes on after ${end}`
    }
    const last = Math.max(...calls.map(({ end }) => end!))
    for (const run of service.runs) if (calls.every(({ leftAt, reason, result }) => leftAt !== undefined && result === reason) && (run.end ?? Infinity) > last && run.signal?.aborted === false) yield `run ${run.id} goes on, though all have left`
  },

  *'a call ends exactly once, and says how'({ told }) {
    for (const [place, list] of told) {
      for (const call of byCall(list)) {
        const found = named(call, ...ends)
        if (found.length !== 1 || found[0] !== call.at(-1)) yield `a call of the head at ${place} told ${call.map(({ event }) => event).join(' ')}`
        const { event, details } = found[0] ?? call[0]!
        const expected = event === 'onSuccess' ? ['success'] : event === 'onAbort' ? ['abort'] : ['fatal', 'tries', 'time', 'exhausted', 'stop', 'giveup', 'refused']
        if (!expected.includes(details.end)) yield `${event} with the end ${details.end}`
        if (event === 'onAbort' && !('reason' in details)) yield 'onAbort without a reason'
        if (details.end === 'fatal' && isRefused(details.exception)) yield 'a refusal ended as fatal'
      }
    }
  },

  *'attempts are told, recorded and numbered alike'({ told, recorded }) {
    let [calls, tries] = [0, 0]
    const outcomes: string[] = []
    for (const list of told.values()) {
      for (const call of byCall(list)) {
        calls++
        const attempts = named(call, 'onAttempt').length
        tries += attempts
        const { event, details } = call.at(-1)!
        outcomes.push(event === 'onSuccess' ? 'success' : event === 'onAbort' ? 'aborted' : 'failure')
        if (details.tries !== attempts) yield `${attempts} attempts were told, and tries was ${details.tries} at the end`
        const afters = named(call, 'after').length
        if (afters !== attempts && !(event === 'onAbort' && afters === attempts - 1)) yield `of ${attempts} attempts ${afters} were told to have ended`
      }
    }
    if (recorded.calls !== calls || recorded.tries !== tries) yield `${calls} calls with ${tries} attempts were told, ${recorded.calls} with ${recorded.tries} recorded`
    if (recorded.outcomes.join() !== outcomes.sort().join()) yield `told ${outcomes.join()}; recorded ${recorded.outcomes.join()}`
  },

  *'what enters a layer goes through it, is refused and told once, or has been left'(played) {
    const { plan, layers, passages, service, told } = played
    if (!plan.tapped) return
    if (passages[innermost(played)]!.length !== service.runs.length) yield 'the service ran without a passage'
    for (const [place, layer] of layers.entries()) {
      const [before, after] = [passages[place]!, inside(played, place)]
      const where = labelled(layer, place)
      if (layer.kind === 'retry') {
        const attempts = named(told.get(place)!, 'onAttempt').length
        if (attempts !== after.length) yield `${where}: ${attempts} attempts, ${after.length} passages`
      } else if (layer.kind === 'hedge') {
        const begun = layer.form === 'head' ? named(told.get(place)!, 'onAttempt').length : before.length
        if (!isShared(layers, layer) && begun + layer.told.copies !== after.length) yield `${where}: ${begun} attempts and ${layer.told.copies} copies, ${after.length} passages`
      } else if (layer.kind === 'timeout' || layer.kind === 'abortLeftovers') {
        if (before.length !== after.length) yield `${where}: ${before.length} came, ${after.length} went on`
      } else {
        const through = new Set(after.map(({ reach }) => reach))
        const stopped = before.filter(({ reach }) => !through.has(reach))
        const refused = stopped.filter(({ outcome, result }) => outcome === 'threw' && isRefused(result)).length
        for (const { outcome, result, aborted, reach } of stopped) if (!(outcome === 'threw' && isRefused(result)) && !aborted && !reach.aborted) yield `${where}: neither refused nor left: ${outcome} ${String(result)}`
        if (through.size !== after.length) yield `${where}: went on more than once`
        // Who waited, and was refused in the moment in which it left, is told of one of the two.
        const left = stopped.length - refused
        if (isShared(layers, layer)) continue
        if (layer.told.refusals < refused || layer.told.refusals > refused + left) yield `${where}: ${refused} refused, ${layer.told.refusals} told`
      }
    }
  },

  *'what a layer tells of itself, the plugins of the call hear, each once'({ layers, told, tells }) {
    for (const [place, list] of told) {
      const here = layers.filter((_, i) => tells[i] === place)
      if (here.some((layer) => isShared(layers, layer))) continue
      const own = here.reduce((sum, layer) => sum + (layer.kind === 'hedge' ? 0 : layer.told.refusals), 0)
      const heard = named(list, 'onCircuitReject', 'onLimitReject', 'onThrottleReject').length
      if (own !== heard) yield `${own} refusals told by the layers of ${place}, ${heard} heard`
      const copies = here.reduce((sum, { told }) => sum + told.copies, 0)
      if (copies !== named(list, 'onHedge').length) yield `${copies} copies, ${named(list, 'onHedge').length} heard`
      const opened = here.reduce((sum, { told }) => sum + told.opened.length, 0)
      if (opened < named(list, 'onCircuitOpen').length) yield `${opened} openings, ${named(list, 'onCircuitOpen').length} heard`
    }
  },

  *'the metrics count what happened'({ layers, told, tells, member, counted, plan }) {
    for (const [place, found] of counted) {
      const heads = new Set(layers.flatMap((layer, i) => (layer.told === layers[place]!.told ? member[i]! : [])))
      const list = [...heads].flatMap((head) => told.get(head)!)
      // What is told to a policy among the plugins is not told to the call around it.
      const events = (...names: string[]): number => named(list, ...names).length
      const attempts = ran(list)
      const expected: Record<string, number> = {
        retry_attempts: attempts,
        retry_attempt_duration_seconds_count: attempts,
        retry_call_attempts_count: events(...ends),
        retry_call_attempts_sum: attempts,
        retry_success: events('onSuccess'),
        retry_failure: events('onGiveup'),
        retry_wait_seconds_count: events('onBackoff'),
        refused: events('onCircuitReject', 'onLimitReject', 'onBudgetReject', 'onThrottleReject'),
        circuit_breaker_open: events('onCircuitOpen'),
        circuit_breaker_close: events('onCircuitClose'),
        hedge_requests: events('onHedge'),
        hedge_wins: events('onHedgeWin'),
        hedge_failures: events('onHedgeFail'),
        limit_waits: events('onLimitWait'),
      }
      for (const [name, number] of Object.entries(expected)) {
        const value = found.get(name) ?? found.get(name.replace('_seconds', '')) ?? 0
        if (value !== number) yield `${name} is ${value}, and ${number} happened (metrics at ${place} of ${plan.layers.length}, told by ${tells.join()}, ${layers.length})`
      }
    }
  },

  *'each span ends exactly once'({ layers }) {
    for (const { spans = [] } of layers) for (const [i, { ended }] of spans.entries()) if (ended !== 1) yield `span ${i} of ${spans.length} ended ${ended} times`
  },

  *'a refusal is evidence for nobody'(played) {
    const { layers, service, plan, levelsAtLast, calls } = played
    const reasons = reasonsOf(played)
    for (const [place, { told, kind, breaker, throttle, credit }] of layers.entries()) {
      for (const cause of told.opened as any[]) {
        if (isRefused(cause)) yield `the circuit at ${place} opened by a refusal`
        else if (reasons.has(cause)) yield `the circuit at ${place} opened as its callers left: ${String(cause)}`
        // Slow answers have no failure to name.
        else if (cause !== undefined && !service.thrown.has(cause) && !cause?.wrong && !isTimeout(cause)) yield `the circuit at ${place} opened by ${String(cause)}`
      }
      if (kind === 'hedge' && plan.tapped && !isShared(layers, layers[place]!)) {
        // What was refused after its time had run out had taken at least that long.
        const asked = inside(played, place).filter(({ reach, outcome, result, aborted }) => reach.copy === 1 && !(outcome === 'threw' && isRefused(result) && !aborted)).length
        if (told.learned > asked) yield `the hedge at ${place} learned ${told.learned} times from ${asked} first copies`
      }
      // (Time that passes in the waits between refusals is a failure to who stands around a timeout.)
      if (service.runs.length && service.runs.every(({ outcome }) => outcome === 'refused') && !layers.some(({ mayTimeOut }) => mayTimeOut)) {
        const { state, failures, requests, balance } = levelsAtLast[place]!
        if (breaker && (state !== 'closed' || failures)) yield `all was refused, and the circuit at ${place} is ${state}, ${failures} failures`
        if (throttle && requests > told.refusals) yield `all was refused, and the throttle at ${place} counts ${requests}`
        // Who leaves in between has paid.
        if (balance !== credit && calls.every(({ leftAt }) => leftAt === undefined)) yield `all was refused, and the budget at ${place} has ${balance} of ${credit}`
        if (told.learned) yield `all was refused, and the hedge at ${place} has learned`
      }
    }
  },

  *'a budget pays for what ran, once'({ layers, told, member, tells, passages, plan, levelsAtLast }) {
    for (const [place, { budget, credit }] of layers.entries()) {
      // Of a policy among plugins it pays the attempts of the call around it, and sees those inside.
      if (!budget || member[place] !== tells[place] || isShared(layers, layers[place]!)) continue
      const list = told.get(member[place]!)!
      let expected = credit!
      for (const call of byCall(list)) {
        if (named(call, 'onSuccess').length) expected += 0.25
        const refused = new Set(named(call, 'after').flatMap(({ details }) => (isRefused(details.exception) ? details.tries : [])))
        for (const { details } of named(call, 'onAttempt')) if (details.tries > 1 && !refused.has(details.tries)) expected--
      }
      let perhaps = 0
      for (const [at, layer] of layers.entries()) {
        if (layer.pays !== budget) continue
        if (!plan.tapped) return
        const copies = passages[at + 1]!.filter(({ reach }) => reach.copy > 1 || layer.told.copies < 0)
        expected -= layer.told.copies
        perhaps += copies.filter(({ outcome, result }) => outcome === 'threw' && isRefused(result)).length
        // A hedge that is the whole call earns what it succeeds with.
        if (layer.form === 'head') perhaps += named(told.get(at)!, 'onSuccess').length * 0.25
      }
      const balance = levelsAtLast[place]!.balance!
      if (balance < expected - 1e-6 || balance > expected + perhaps + 1e-6) yield `the balance at ${place} is ${balance} instead of ${expected} to ${expected + perhaps}`
    }
  },

  *'a hint is waited for: no attempt before it has passed'({ layers, told }) {
    for (const [place, list] of told) {
      if (!layers[place]!.waitsForHints) continue
      for (const call of byCall(list)) {
        let until = 0
        for (const { event, at, details } of call) {
          if (event === 'after') until = at + (hintOf('exception' in details ? details.exception : details.value, 'exception' in details) ?? 0)
          if (event === 'onAttempt' && at < until - 1e-6) yield `attempt ${details.tries} of the head at ${place} began at ${at}, the hint was until ${until}`
        }
      }
    }
  },

  *'a hint is waited for: no further copy after it'({ layers, told, tells }) {
    for (const [place, list] of told) {
      if (layers.filter(({ kind }, i) => kind === 'hedge' && tells[i] === place).length !== 1) continue
      const hinted = new Map<object, number>()
      for (const { event, details } of list) {
        if (event === 'onHedgeFail' && hintOf('exception' in details ? details.exception : details.value, 'exception' in details) !== undefined) hinted.set(details.call, details.tries)
        if (event === 'onHedge' && hinted.get(details.call) === details.tries) yield `copy ${details.copy} of attempt ${details.tries} was started after a hint`
      }
    }
  },

  *'a value that nobody takes is discarded, exactly once'(played) {
    const { plan, layers, calls, passages } = played
    for (const [place, { kind, form, told }] of layers.entries()) {
      if (kind !== 'hedge') continue
      const times = new Map<unknown, number>()
      for (const value of told.discarded) times.set(value, (times.get(value) ?? 0) + 1)
      for (const { outcome, result } of calls) if (outcome === 'returned' && times.has(result)) yield `the result ${JSON.stringify(result)} was discarded at ${place}`
      if (!plan.tapped || form === 'head' || isShared(layers, layers[place]!)) continue
      const taken = new Set(passages[place]!.flatMap(({ outcome, result, aborted }) => (outcome === 'returned' && !aborted ? [result] : [])))
      const left = new Set(passages[place]!.flatMap(({ outcome, result, aborted }) => (outcome === 'returned' && aborted ? [result] : [])))
      for (const { outcome, result } of inside(played, place)) {
        if (outcome !== 'returned' || left.has(result)) continue
        const [expected, found] = [taken.has(result) ? 0 : 1, times.get(result) ?? 0]
        if (found !== expected) yield `${JSON.stringify(result)} was discarded ${found} times at ${place}, and ${expected ? 'nobody' : 'somebody'} took it`
      }
    }
  },

  *'nothing is left: no timer, no listener but one, no slot, no probe'({ layers, plan, timersLeft, timersAtLast, listenersLeft, levelsLeft, levelsAtLast }) {
    // A call of a limit outside of an attempt cannot be left: it waits for its turn.
    if (timersLeft > 0 && !layers.some(({ limit, form }) => limit && form === 'call')) yield `${timersLeft} timers were left`
    if (timersAtLast) yield `${timersAtLast} timers never end`
    // One is shared by all that read a signal, which a call inside an attempt does.
    if (listenersLeft > (plan.deaf && layers.filter(({ form }) => form !== 'plugin').length < 2 ? 0 : 1)) yield `${listenersLeft} listeners are on the caller's signal`
    for (const [place, { running, queued, out }] of levelsAtLast.entries()) if (running || queued || out) yield `the ${layers[place]!.kind} at ${place} has ${running} running, ${queued} queued, ${out} probes out`
    // What was given up on holds nothing either, where an attempt says so.
    for (const [place, { running, queued, out }] of levelsLeft.entries()) {
      const objects = layers.filter(({ told }) => told === layers[place]!.told)
      if (objects.some(({ form, holds }) => form === 'call' || holds)) continue
      if (running || queued || out) yield `when all had ended, the ${layers[place]!.kind} at ${place} had ${running} running, ${queued} queued, ${out} probes out`
    }
  },

  *'no rejection is unhandled, and nothing is reported'({ unhandled, reported }) {
    for (const error of unhandled) yield `unhandled: ${String((error as Error)?.stack ?? error)}`
    for (const error of reported) yield `reported: ${String((error as Error)?.stack ?? error)}`
  },

  async *'half-open is left in bounded time on a healthy service'({ layers, hangs, heal }) {
    if (hangs || !layers.some(({ breaker }) => breaker)) return
    if (!(await heal())) yield `the circuits are ${layers.flatMap(({ breaker }) => breaker?.state ?? []).join()}`
  },
}

import { type Attempt, override, type Undo } from '@backon/core'
import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { CircuitBreaker } from './breaker.ts'
import { CircuitOpenError } from './error.ts'
import type { CircuitState } from './machine.ts'
import { holdCircuit } from './sharing.ts'

interface Shape {
  failureThreshold: number
  halfOpenMaxCalls: number
  successThreshold: number
  recoveryTimeout: number
  probeTimeout: number
}

/** The rules of the README, written down once more as plainly as can be: no generations, no tickets, no laziness. */
class Model {
  state: CircuitState = 'closed'
  failures = 0
  successes = 0
  openedAt = 0
  /** For how long it stays open. */
  time = 0
  probes: { id: number; began: number }[] = []
  /** Calls whose outcome still counts. */
  counted = new Set<number>()
  /** What whoever is told of a change does about it, to the breaker and to its model alike. */
  react: (to: CircuitState) => void = () => {}

  constructor(readonly shape: Shape) {}

  enter(state: CircuitState, at: number, time = this.shape.recoveryTimeout, probe?: number): void {
    const before = this.state
    this.state = state
    this.failures = this.successes = 0
    this.probes = []
    this.counted.clear()
    if (state === 'open') {
      this.openedAt = at
      this.time = time
    }
    // The first probe is out before anybody is told.
    if (probe !== undefined) {
      this.probes.push({ id: probe, began: at })
      this.counted.add(probe)
    }
    if (state !== before) this.react(state)
  }

  look(now: number): void {
    this.openedAt = Math.min(this.openedAt, now)
    for (const probe of this.probes) probe.began = Math.min(probe.began, now)
    const hung = this.probes.map(({ began }) => began + this.shape.probeTimeout).filter((end) => end <= now)
    if (hung.length > 0) this.enter('open', Math.min(...hung))
  }

  call(id: number, now: number): boolean {
    if (this.state !== 'closed') this.look(now)
    const isDue = this.state === 'open' && now >= this.openedAt + this.time
    if ((this.state === 'open' && !isDue) || (this.state === 'half-open' && this.probes.length >= this.shape.halfOpenMaxCalls)) return false
    if (isDue) this.enter('half-open', now, this.time, id)
    else {
      if (this.state === 'half-open') this.probes.push({ id, began: now })
      this.counted.add(id)
    }
    return true
  }

  end(id: number, outcome: 'success' | 'failure' | 'ignored', now: number): void {
    if (this.state !== 'closed') this.look(now)
    if (!this.counted.delete(id)) return
    this.probes = this.probes.filter((probe) => probe.id !== id)
    if (outcome === 'ignored') return
    if (this.state === 'closed') {
      this.failures = outcome === 'failure' ? this.failures + 1 : 0
      if (this.failures >= this.shape.failureThreshold) this.enter('open', now)
    } else if (outcome === 'failure') this.enter('open', now)
    else if (++this.successes >= this.shape.successThreshold) this.enter('closed', now)
  }

  hold(now: number, ms: number): void {
    this.look(now)
    if (this.state === 'open' && this.openedAt + this.time >= now + ms) return
    this.enter('open', now, ms)
  }
}

const command = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('call' as const, 'call' as const, 'nested' as const) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constantFrom('success' as const, 'failure' as const, 'failure' as const, 'ignored' as const, 'refused' as const), of: fc.nat(30) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('abort' as const, 'timeout' as const), of: fc.nat(30) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('step' as const), ms: fc.constantFrom(1, 5, 9, 10, 11, 30, 100) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('look' as const, 'reset' as const, 'isolate' as const, 'back' as const, 'hold' as const) }) },
)
const shape = fc.record<Shape>({
  failureThreshold: fc.integer({ min: 1, max: 3 }),
  halfOpenMaxCalls: fc.integer({ min: 1, max: 3 }),
  successThreshold: fc.integer({ min: 1, max: 3 }),
  recoveryTimeout: fc.constantFrom(0, 10, 30),
  probeTimeout: fc.constantFrom(5, 10, 50),
})
/** What a handler does when it is told: mostly nothing, now and then it acts on the breaker that is just telling it. */
const reaction = fc.constantFrom('nothing' as const, 'nothing' as const, 'read' as const, 'reset on open' as const, 'isolate on half-open' as const, 'call' as const)

const ignored = new Error('ignored')
const refused = Object.assign(new Error('refused'), { refused: true, retryAfter: 1e9 })

interface Running {
  readonly id: number
  readonly attempt: Attempt
  settled: boolean
  resolve(): void
  reject(error: Error): void
}

/** `expect` itself takes most of the time of half a million comparisons. */
const same = (what: string, found: unknown, expected: unknown): void => {
  if (String(found) !== String(expected)) throw new Error(`${what}: ${String(found)}, not ${String(expected)}`)
}

let undo: Undo | undefined
afterEach(() => undo?.())

const attemptOf = (): Attempt => {
  const listeners = new Set<(reason: unknown) => void>()
  return {
    tries: 1,
    signal: AbortSignal.abort(),
    details: { call: {}, name: '', target: Date, args: [], tries: 1, elapsed: 0, idleFor: 0, previousWait: 0 },
    plugins: [],
    aborted: false,
    reason: undefined,
    whenAborted(listener: (reason: unknown) => void) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    abort(reason: unknown) {
      Object.assign(this, { aborted: true, reason })
      for (const listener of listeners) listener(reason)
    },
  } as unknown as Attempt
}

test('RT-19 RT-20 RT-21 RT-22 RT-40 does what the model does, whatever is interleaved', async () => {
  let now = 0
  undo = override({ clock: { now: () => now, setTimeout: () => expect.unreachable('a breaker has no timers'), clearTimeout: () => {} } })
  const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)
  const runs = Number(process.env.RUNS ?? 10_000)
  const seen = new Set<string>()
  // oxlint-disable-next-line no-console -- the seed is what makes a failure repeatable.
  console.log(`model of the breaker: seed ${seed} (SEED=${seed} runs it again)`)

  await fc.assert(
    fc.asyncProperty(shape, reaction, fc.array(command, { minLength: 5, maxLength: 40 }), async (shape, reaction, commands) => {
      now = 1_000
      const model = new Model(shape)
      let broken = ''
      const told: CircuitState[] = []
      const foretold: CircuitState[] = []
      let ids = 1_000
      /** Whether a call made by a handler was let through, by the breaker and by its model. */
      const inner: boolean[][] = [[], []]
      const react = (to: CircuitState): void => {
        told.push(to)
        if (reaction === 'read') void [breaker.state, breaker.retryAfter, breaker.failureCount, breaker.level(), breaker.toJSON()]
        if (reaction === 'reset on open' && to === 'open') breaker.reset()
        if (reaction === 'isolate on half-open' && to === 'half-open') breaker.isolate()
        if (reaction === 'call' && to !== 'closed') {
          const at = inner[0]!.push(false) - 1
          breaker.call(() => ((inner[0]![at] = true), new Promise(() => {}))).catch(() => {})
        }
      }
      model.react = (to) => {
        foretold.push(to)
        if (reaction === 'reset on open' && to === 'open') model.enter('closed', now)
        if (reaction === 'isolate on half-open' && to === 'half-open') model.enter('open', now, Infinity)
        if (reaction === 'call' && to !== 'closed') {
          const at = inner[1]!.push(false) - 1
          inner[1]![at] = model.call(ids++, now)
        }
      }
      const breaker: CircuitBreaker = new CircuitBreaker({
        ...shape,
        isFailure: (details) => (details.exception === ignored ? 'ignore' : 'exception' in details),
        onCircuitOpen: ({ to }) => react(to),
        onCircuitHalfOpen: ({ from, to }) => {
          // Thrown here it would only be reported: those who watch cannot break a call.
          if (from !== 'open') broken = 'half-open comes after open only'
          react(to)
        },
        onCircuitClose: ({ to }) => react(to),
      })
      const calls: Running[] = []

      const start = (id: number, nested: boolean): boolean => {
        let ran = false
        const attempt = attemptOf()
        let ends: Pick<Running, 'resolve' | 'reject'> | undefined
        const work = (): Promise<void> => {
          ran = true
          return new Promise<void>((resolve, reject) => (ends = { resolve, reject }))
        }
        const run = breaker.wrap(nested ? (attempt) => breaker.wrap(work)(attempt) : work)
        try {
          void Promise.resolve(run(attempt)).catch(() => {})
        } catch (error) {
          if (ran || !(error instanceof CircuitOpenError)) throw new Error('a refused call never runs', { cause: error })
          return false
        }
        if (ends) calls.push({ id, attempt, settled: false, ...ends })
        else if (!nested) throw new Error('what is let through runs')
        return true
      }
      const settle = async (call: Running, kind: 'success' | 'failure' | 'ignored' | 'refused' | 'abort' | 'timeout'): Promise<void> => {
        if (kind === 'success') call.resolve()
        else if (kind === 'abort') call.attempt.abort(new Error('no longer wanted'))
        else if (kind === 'timeout') call.attempt.abort(Object.assign(new Error(), { name: 'TimeoutError' }))
        else call.reject(kind === 'ignored' ? ignored : kind === 'refused' ? refused : new Error('failed'))
        for (let i = 0; i < 3; i++) await Promise.resolve()
        call.settled = true
      }

      for (const [id, command] of commands.entries()) {
        if (command.kind === 'call' || command.kind === 'nested') {
          // Nested, it meets its breaker twice and counts once; unless a handler has changed the circuit between, which is another story.
          const nested = command.kind === 'nested' && (reaction === 'nothing' || reaction === 'read')
          const admitted = model.call(id, now)
          same('let through', start(id, nested), admitted)
          seen.add(admitted ? `let through ${nested ? 'once for two' : ''}` : `refused ${model.state}`)
        } else if (command.kind === 'step') now += command.ms
        else if (command.kind === 'back') {
          now -= 500
          seen.add('a clock that went back')
        } else if (command.kind === 'reset') {
          model.enter('closed', now)
          breaker.reset()
        } else if (command.kind === 'isolate') {
          model.enter('open', now, Infinity)
          breaker.isolate()
        } else if (command.kind === 'hold') {
          model.hold(now, 20)
          holdCircuit(breaker, 20)
        } else if ('of' in command && calls.length > 0) {
          const call = calls[command.of % calls.length]!
          const { kind } = command
          if (call.settled) seen.add('outcome twice')
          else {
            if (!model.counted.has(call.id)) seen.add('stale outcome')
            else if (model.state === 'half-open') seen.add(`probe ${kind}`)
            model.end(call.id, kind === 'timeout' ? 'failure' : kind === 'success' || kind === 'failure' ? kind : 'ignored', now)
          }
          await settle(call, kind)
        }
        if (command.kind !== 'step') {
          model.look(now)
          same('state', breaker.state, model.state)
        }
        if (broken) throw new Error(broken)
        same('told', told, foretold)
        same('calls of handlers', inner[0], inner[1])
        if (model.probes.length > shape.halfOpenMaxCalls) throw new Error('never more than halfOpenMaxCalls probes')
        if (model.state === 'open' && model.time < Infinity && breaker.retryAfter > model.time) throw new Error('never open for longer than its time from now')
      }
      model.look(now)
      same('state', breaker.state, model.state)
      if (model.state === 'closed') same('failures', breaker.failureCount, model.failures)
      const isWaiting = model.state === 'half-open' && model.probes.length > 0
      now += shape.probeTimeout
      const before = told.length
      if (isWaiting && breaker.state === 'half-open' && told.length === before) throw new Error('half-open is left in bounded time')
    }),
    { numRuns: runs, seed },
  )
  // A short run need not come by everything.
  if (runs < 5_000) return
  expect([...seen].sort()).toEqual([
    'a clock that went back', 'let through ', 'let through once for two', 'outcome twice', 'probe abort', 'probe failure', 'probe ignored', 'probe refused',
    'probe success', 'probe timeout', 'refused half-open', 'refused open', 'stale outcome',
  ])
}, 120_000)

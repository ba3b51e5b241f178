import { cuttingOf, watch } from '../engine/cut.ts'
import { begin, type Call, lieDown, newCall, now, run, takeDown, wrap } from '../engine/call.ts'
import { abort, conclude, fault, release } from '../engine/conclude.ts'
import { decide } from '../engine/decide.ts'
import { rest, restOfIt } from '../engine/loop.ts'
import { attemptSync, check, openSync, restSync } from '../engine/loop-sync.ts'
import { current, type Shared } from '../engine/options.ts'
import { note } from '../engine/attempt.ts'
import { checkTarget } from '../engine/target.ts'
import { never, tell } from '../engine/tell.ts'
import { refusePromise } from '../thenable.ts'
import type { Attempt, Operation } from '../types.ts'

/** One turn of `for await (const attempt of retrying)`. */
export interface Turn extends Attempt {
  /**
   * Runs the operation of this turn, which must happen once. Resolves with the call's result when it has ended, and
   * with `undefined` when the loop will go round again; rejects with what the call throws when it gives up.
   */
  run<T>(operation: Operation<T>): Promise<Awaited<T> | undefined>
}

/** One turn of `for (const attempt of retrying)`. */
export interface SyncTurn extends Attempt {
  /** Runs the operation of this turn: as `Turn.run`, blocking. */
  run<T>(operation: (attempt: Attempt) => T): T | undefined
}

/** A call whose attempts are run by the body of a loop. */
class LoopCall {
  readonly call: Call
  /** What the turn at hand runs, once the body has said it. */
  operation: Operation<any> | undefined
  /** Answers a `run` that is still under way when the loop is left. */
  dismiss: (() => void) | undefined

  constructor(shared: Shared, refuse?: Call['_refuse']) {
    const policy = current(shared)
    // Until a turn has run its operation there is no target: an empty function stands in.
    const target = Object.defineProperty(() => {}, 'name', { value: '' })
    this.call = newCall(policy, wrap((attempt) => note(attempt, this.operation!(attempt)), policy), target, [], now(policy), policy._sources, undefined, undefined, refuse)
  }

  get over(): boolean {
    return this.call._phase === 'over'
  }

  /** Takes the operation of a turn. */
  take(turn: unknown, operation: Operation<any>): void {
    checkTarget(operation)
    if (this.operation || turn !== this.call._attempt) throw new Error('attempt.run was called twice, or after its turn: run one operation in each turn of the loop')
    this.operation = this.call._target = operation
  }

  /** The body has come to its end. */
  endTurn(): void {
    if (!this.over && !this.operation) throw new Error('the turn ended without attempt.run: run one operation in each turn of the loop')
    this.operation = undefined
  }

  /** Nobody will come back for a further turn. */
  leave(): void {
    this.dismiss?.()
    abort(this.call, new DOMException('the loop was left', 'AbortError'))
  }
}

const open = async (call: Call): Promise<void> => {
  begin(call)
  await tell(call, 'onAttempt', 'before')
}

const resting = async (call: Call): Promise<void> => {
  for (let told = rest(call, call._wait!); told; told = restOfIt(call)) await told
}

/** The middle of the engine's loop: an attempt, and what follows from it. Gives the call's result, or `undefined` where a wait is next. */
const attempt = async (call: Call): Promise<unknown> => {
  let failed = false
  let result: unknown
  try {
    result = await run(call)
  } catch (error) {
    failed = true
    result = error
  }
  if (call._phase !== 'running') await never()
  takeDown(call, failed, result)
  await tell(call, 'after')

  const next = decide(call)
  if (call._phase !== 'judging') await never()
  if (typeof next === 'string') return conclude(call, next)
  lieDown(call, next)
  await tell(call, 'beforeSleep', 'onBackoff')
  return undefined
}

/**
 * Goes on with a call while the body of the loop waits. Only meanwhile it can be cut short, and is known to its policy: a loop that is
 * dropped half-way leaves nothing behind.
 */
const meanwhile = async (loop: LoopCall, piece: (call: Call) => Promise<unknown> | undefined): Promise<any> => {
  const { call } = loop
  const { _tracker } = call._policy
  try {
    return await new Promise((resolve, reject) => {
      loop.dismiss = () => resolve(undefined)
      cuttingOf(call)._reject = reject
      _tracker?._opened(call)
      if (!loop.over) watch(call, resolve)
      if (!loop.over) {
        Promise.resolve(piece(call)).then(resolve, (error) => {
          fault(call, error)
          reject(error)
        })
      }
    })
  } finally {
    loop.dismiss = undefined
    if (call._cutting) release(call)
    if (!loop.over) _tracker?._closed(call)
  }
}

/** Hands out the attempts of one call to a `for await` loop. */
export async function* iterate(shared: Shared): AsyncGenerator<Turn, undefined> {
  const loop = new LoopCall(shared)
  const { call } = loop
  try {
    for (;;) {
      await meanwhile(loop, open)
      // Its time may have been up before it had a turn to give.
      if (loop.over) return undefined
      const turn = call._attempt!
      let running: Promise<unknown> | undefined
      const run = async (operation: Operation<any>): Promise<any> => {
        loop.take(turn, operation)
        return (running = meanwhile(loop, attempt))
      }
      yield Object.assign(turn, { run })
      // What came of it, `run` has answered.
      await running?.catch(() => {})
      loop.endTurn()
      if (loop.over) return undefined
      await meanwhile(loop, resting)
      // It may have been cut short, and end with a value all the same.
      if (loop.over) return undefined
    }
  } finally {
    loop.leave()
  }
}

/** As `meanwhile`, blocking. */
const meanwhileSync = ({ call }: LoopCall, piece: (call: Call) => unknown): unknown => {
  const { _tracker } = call._policy
  try {
    _tracker?._opened(call)
    check(call)
    watch(call)
    check(call)
    const result = piece(call)
    check(call)
    return result
  } catch (error) {
    fault(call, error)
    check(call)
    throw error
  } finally {
    if (call._cutting) release(call)
    if (call._phase !== 'over') _tracker?._closed(call)
  }
}

/** Hands out the attempts of one call to a `for` loop, and blocks between them. */
export function* iterateSync(shared: Shared): Generator<SyncTurn, undefined> {
  const loop = new LoopCall(shared, refusePromise)
  const { call } = loop
  try {
    for (;;) {
      meanwhileSync(loop, openSync)
      const turn = call._attempt!
      const run = (operation: Operation<any>): any => {
        loop.take(turn, operation)
        return meanwhileSync(loop, attemptSync)
      }
      yield Object.assign(turn, { run })
      loop.endTurn()
      if (loop.over) return undefined
      meanwhileSync(loop, (call) => restSync(call, call._wait!))
    }
  } finally {
    loop.leave()
  }
}

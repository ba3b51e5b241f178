import { type Call, type Driver, newCall, type Step, wrap } from '../engine/call.ts'
import { current, type Shared } from '../engine/options.ts'
import { abort, driver, go, guard } from './retry.ts'
import { syncDriver } from './retry-sync.ts'
import { checkTarget } from '../engine/target.ts'
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
  over = false
  /** The step that is held is to be taken. */
  going = false
  failed = false
  result: unknown
  /** The end was an answer to `run`: the loop itself has nothing more to say about it. */
  answered = false
  operation: Operation<any> | undefined
  /** Somebody waits for the call to move on. */
  moved: (() => void) | undefined

  constructor(on: Driver, shared: Shared) {
    // Until a turn has run its operation there is no target: an empty function stands in.
    const policy = current(shared)
    const target = Object.defineProperty(() => {}, 'name', { value: '' })
    // Until it is let go, a step is put off: it gives back the call, and comes again.
    const hold = (step: Step): Step => (call) => {
      if (this.going) {
        this.going = false
        return step(call)
      }
      call._step--
      this.moved?.()
      return call
    }
    this.call = newCall({ ...on, _run: hold(on._run), _sleep: hold(on._sleep) }, policy, wrap((attempt) => this.operation!(attempt), policy), target, [])
    policy._tracker?._opened(this.call)
    const end = (failed: boolean) => (result: unknown) => {
      this.over = true
      this.failed = failed
      this.result = result
      this.moved?.()
    }
    this.call._resolve = end(false)
    this.call._reject = end(true)
  }

  /** Takes the operation of a turn. */
  take(turn: unknown, operation: Operation<any>): void {
    checkTarget(operation)
    if (this.operation || turn !== this.call._attempt) throw new Error('attempt.run was called twice, or after its turn: run one operation in each turn of the loop')
    this.operation = this.call._target = operation
    this.going = true
  }

  /** What `run` answers. */
  answer(): unknown {
    if (!this.over) return undefined
    this.answered = true
    if (this.failed) throw this.result
    return this.result
  }

  /** Whether the loop is to go round again; throws what ended the call and nobody was told. */
  goesOn(): boolean {
    if (!this.over) return true
    if (this.failed && !this.answered) throw this.result
    return false
  }

  /** The body has come to its end. */
  check(): void {
    if (!this.over && !this.operation) throw new Error('the turn ended without attempt.run: run one operation in each turn of the loop')
    this.operation = undefined
  }

  /** Nobody will come back for a further turn. */
  leave(): void {
    if (this.over) return
    this.call._reject = () => {
      this.over = true
      this.moved?.()
    }
    abort(this.call, new DOMException('the loop was left', 'AbortError'))
  }
}

/**
 * Hands out the attempts of one call to a `for await` loop. Signal and deadline are watched while an attempt runs or a wait
 * lasts, and not while the body is on its own: a loop that is dropped half-way leaves no timer and no listener.
 */
export async function* iterate(shared: Shared): AsyncGenerator<Turn, undefined> {
  const loop = new LoopCall(driver, shared)
  const { call } = loop
  const move = (): Promise<void> =>
    new Promise<void>((resolve) => {
      loop.moved = resolve
      guard(call, true)
      go(call)
    }).finally(() => call._release?.())
  try {
    await move()
    while (loop.goesOn()) {
      const turn = call._attempt!
      let running: Promise<void> | undefined
      const run = async (operation: Operation<any>): Promise<any> => {
        loop.take(turn, operation)
        await (running = move())
        return loop.answer()
      }
      yield Object.assign(turn, { run })
      await running
      loop.check()
      if (loop.goesOn()) {
        loop.going = true
        await move()
      }
    }
  } finally {
    loop.leave()
  }
  return undefined
}

/** Hands out the attempts of one call to a `for` loop, and blocks between them. */
export function* iterateSync(shared: Shared): Generator<SyncTurn, undefined> {
  const loop = new LoopCall(syncDriver, shared)
  const { call } = loop
  const move = (): void => {
    guard(call, false)
    go(call)
    call._release?.()
  }
  try {
    move()
    while (loop.goesOn()) {
      const turn = call._attempt!
      const run = (operation: Operation<any>): any => {
        loop.take(turn, operation)
        move()
        return loop.answer()
      }
      yield Object.assign(turn, { run })
      loop.check()
      if (loop.goesOn()) {
        loop.going = true
        move()
      }
    }
  } finally {
    loop.leave()
  }
  return undefined
}

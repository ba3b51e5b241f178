import { CircuitBreaker } from '@backon/breaker'
import { withdraw } from '@backon/core/kit'
import { type Dice, diceFrom } from './dice.ts'
import type { Time } from './time.ts'

/** How a service is at the moment. */
export type Mood = 'healthy' | 'slow' | 'failing' | 'limiting' | 'wrong' | 'hanging' | 'final' | 'refusing' | 'mixed'

export const moods: readonly Mood[] = ['healthy', 'slow', 'failing', 'limiting', 'wrong', 'hanging', 'final', 'refusing', 'mixed']

/** What the service answers. `wrong`: whoever judges values calls it a failure. */
export interface Answer {
  readonly id: number
  readonly wrong?: true
  readonly headers?: Record<string, string>
}

/** What comes with every way to call: of an attempt, or of a call outside of one. */
export interface Reach {
  readonly signal: AbortSignal
  readonly aborted: boolean
  readonly reason: unknown
}

/** One run of the operation at the service. */
export interface Run {
  readonly id: number
  readonly at: number
  /** Absent where the service does not look at it. */
  readonly signal: AbortSignal | undefined
  end: number | undefined
  outcome: 'running' | 'answered' | 'failed' | 'left' | 'refused'
}

export interface Service {
  readonly call: (reach: Reach) => unknown
  readonly runs: Run[]
  /** What it has thrown of its own accord. */
  readonly thrown: Set<unknown>
  readonly answers: Set<unknown>
  /** Its own timers that are set. */
  pending: number
  mood: Mood
}

/** A service that says of itself what it did. What happens in a run is drawn by the number of the run, so that it is the same in whatever stack. */
export const serviceOf = (time: Time, seed: number, isDeaf: boolean): Service => {
  const isolated = new CircuitBreaker({ name: 'isolated' })
  isolated.isolate()
  withdraw(isolated)

  const ends = (mood: Mood, dice: Dice, id: number): { after: number; throws?: unknown; value?: Answer } => {
    const soon = dice.whole(0, 8)
    switch (mood) {
      case 'slow':
        return { after: dice.whole(20, 200), value: { id } }
      case 'failing':
        return { after: soon, throws: new Error(`down ${id}`) }
      case 'limiting':
        return dice.chance(0.6)
          ? { after: soon, throws: Object.assign(new Error(`busy ${id}`), { status: 429, retryAfter: dice.whole(10, 200) }) }
          : { after: soon, value: { id, wrong: true, headers: { 'Retry-After': '1' } } }
      case 'wrong':
        return { after: soon, value: { id, wrong: true } }
      case 'hanging':
        return { after: 3_000, value: { id } }
      case 'final':
        return { after: soon, throws: Object.assign(new Error(`no ${id}`), { retryable: false }) }
      case 'mixed':
        return ends(dice.pick(moods.filter((one) => one !== 'mixed' && one !== 'refusing')), dice, id)
      default:
        return { after: soon, value: { id } }
    }
  }

  const service: Service = {
    runs: [],
    thrown: new Set(),
    answers: new Set(),
    pending: 0,
    mood: 'healthy',
    call(reach) {
      const { mood, runs, thrown, answers } = service
      const dice = diceFrom(seed + 7_919 * runs.length)
      const run: Run = { id: runs.length, at: time.now(), signal: isDeaf ? undefined : reach.signal, end: undefined, outcome: 'running' }
      runs.push(run)
      const over = (outcome: Run['outcome']): void => {
        run.end = time.now()
        run.outcome = outcome
      }
      if (mood === 'refusing') {
        over('refused')
        return isolated.call(() => 'never').catch((error: unknown) => {
          thrown.add(error)
          throw error
        })
      }
      const { after, throws, value } = ends(mood, dice, run.id)
      const give = (): Answer => {
        over(throws ? 'failed' : 'answered')
        if (!throws) {
          answers.add(value)
          return value!
        }
        thrown.add(throws)
        throw throws
      }
      // What is done without waiting, and what is thrown before there is a promise.
      if (after === 0 && dice.chance(0.5)) return give()
      const { signal } = run
      const obeys = dice.chance(0.6)
      return new Promise((resolve, reject) => {
        service.pending++
        const timer = time.setTimeout(() => {
          service.pending--
          signal?.removeEventListener('abort', leave)
          try {
            resolve(give())
          } catch (error) {
            reject(error as Error)
          }
        }, after)
        const leave = (): void => {
          service.pending--
          time.clearTimeout(timer)
          over('left')
          reject(signal!.reason as Error)
        }
        if (!obeys || !signal) return
        if (signal.aborted) leave()
        else signal.addEventListener('abort', leave, { once: true })
      })
    },
  }
  return service
}

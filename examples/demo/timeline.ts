import type { CircuitEvent } from '@backon/breaker'
import type { Details, Plugin } from '@backon/core'
// For the hooks that it adds to `Plugin`.
import type {} from '@backon/hedge'
import picocolors from 'picocolors'
import { HttpError } from './get.ts'

const live = !!process.stdout.isTTY
/** Plain text wherever nobody is at a terminal; picocolors alone would colour the logs of a CI. */
export const paint = picocolors.createColors(live && picocolors.isColorSupported)

const cells = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

/** A bar of 100 ms a cell, exact to an eighth of a cell, 10 cells at most. */
const bar = (ms: number): string => {
  const eighths = Math.min(Math.round(ms / 12.5), 80)
  return '█'.repeat(eighths >> 3) + cells[eighths & 7]
}

/** Names an outcome in a few words. */
const outcome = (details: Details): string => {
  if (!('exception' in details)) return paint.green('200 OK')
  const error: any = details.exception
  if (error instanceof HttpError) {
    const asked = error.response.headers.get('retry-after')
    return paint.yellow(asked === null ? error.message : `${error.response.status}, Retry-After: ${asked}`)
  }
  if (error?.name === 'CircuitOpenError') return paint.magenta('refused, nothing sent')
  if (error?.name === 'TimeoutError') return paint.yellow('no answer in time')
  if (error?.message === 'fetch failed') return paint.yellow(error.cause?.code === 'ECONNRESET' ? 'connection reset' : 'connection closed')
  return paint.red(error?.message ?? String(error))
}

/** Pads what may contain colours by what is seen of it. */
const column = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - visible(text)))

// oxlint-disable-next-line no-control-regex -- the escape character is what colours are made of
const visible = (text: string): number => text.replaceAll(/\x1b\[\d+m/g, '').length

export interface Timeline extends Plugin {
  readonly calls: number
  readonly attempts: number
  readonly slept: number
  readonly succeeded: number
  readonly givenUp: number
  /** Attempts that the breaker refused: no request was sent. */
  readonly refused: number
  /** Further copies that the hedge has sent. */
  readonly copies: number
  /** Prints a line of text below what is there. */
  say(text?: string): void
}

/** Draws one line an attempt: when it began, how it ended, and what came next. It only watches, as any plugin can. */
export const timeline = (): Timeline => {
  const zero = performance.now()
  const since = new WeakMap<object, number>()
  const count = { calls: 0, attempts: 0, slept: 0, succeeded: 0, givenUp: 0, refused: 0, copies: 0 }
  /** The line that is still changing: what it says now, or at last (`Infinity`); one without an end is wiped out instead. */
  let line: ((now: number) => string) | undefined
  let timer: NodeJS.Timeout | undefined

  const settle = (): void => {
    clearInterval(timer)
    if (line) process.stdout.write(`\r\x1b[2K${line(Infinity)}`)
    line = undefined
  }
  const print = (text: string): void => {
    settle()
    process.stdout.write(`${text}\n`)
  }
  /** Prints a line that goes on changing; where nothing can be redrawn, only what it says in the end. */
  const draw = (next: (now: number) => string): void => {
    settle()
    if (!live) return void process.stdout.write(next(Infinity))
    line = next
    const redraw = (): void => void process.stdout.write(`\r\x1b[2K${next(performance.now())}`)
    redraw()
    timer = setInterval(redraw, 40)
    timer.unref()
  }

  const start = (at: number, name: string): string => `${paint.dim(`${((at - zero) / 1000).toFixed(2).padStart(5)} s`)}  ${name.padEnd(10)}`
  const attempt = (details: Details): string =>
    `${start(since.get(details.call)!, details.name)}${String(details.tries).padStart(2)}  ${column(outcome(details), 24)}${`${Math.round(details.duration!)} ms`.padStart(6)}  `
  const note = (name: string, text: string): void => print(`${start(performance.now(), name)}    ${text}`)
  /** What an outcome has brought about is told before the outcome itself: it waits here for its line. */
  let consequence: (() => void) | undefined
  const follow = (): void => {
    consequence?.()
    consequence = undefined
  }
  const circuit = (text: string) => ({ breaker, retryAfter }: CircuitEvent): void => {
    consequence = () => note(breaker, paint.magenta(text + (retryAfter ? `, next probe in ${Math.ceil(retryAfter)} ms` : '')))
  }
  const end = (details: Details, text: string): void => {
    count.slept += details.idleFor
    print(attempt(details) + text)
    follow()
  }

  return {
    get calls() {
      return count.calls
    },
    get attempts() {
      return count.attempts
    },
    get slept() {
      return count.slept
    },
    get succeeded() {
      return count.succeeded
    },
    get givenUp() {
      return count.givenUp
    },
    get refused() {
      return count.refused
    },
    get copies() {
      return count.copies
    },
    say(text = '') {
      print(text)
    },
    onAttempt(details) {
      const began = performance.now()
      since.set(details.call, began)
      count.attempts += 1
      if (details.tries === 1) count.calls += 1
      draw((now) => (now === Infinity ? '' : `${start(began, details.name)}${String(details.tries).padStart(2)}  ${paint.dim('…')}`))
    },
    onBackoff(details) {
      const wait = details.wait!
      const from = performance.now()
      const facts = attempt(details) + `wait ${String(Math.round(wait)).padStart(4)} ms  `
      if (consequence) print(facts + paint.cyan(bar(wait)))
      else draw((now) => facts + paint.cyan(bar(Math.min(now - from, wait))) + (now === Infinity ? '\n' : ''))
      follow()
    },
    onSuccess(details) {
      count.succeeded += 1
      end(details, paint.green('done'))
    },
    onGiveup(details) {
      count.givenUp += 1
      end(details, paint.red('given up'))
    },
    onCircuitOpen: circuit('the circuit opens'),
    onCircuitClose: circuit('the circuit closes'),
    onCircuitHalfOpen({ breaker }) {
      note(breaker, paint.magenta('the circuit lets a probe through'))
    },
    onCircuitReject() {
      count.refused += 1
    },
    onHedge({ name, copy }) {
      count.copies += 1
      note(name, paint.magenta(`no answer yet, copy ${copy} starts`))
    },
    onHedgeWin({ name, copy }) {
      note(name, paint.magenta(`copy ${copy} has answered first, the rest is aborted`))
    },
  }
}

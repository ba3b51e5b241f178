import type { CircuitEvent } from '@backon/breaker'
import type { Details, GiveupEnd, Plugin } from '@backon/core'
import { ResponseError } from '@backon/fetch'
// For the hooks that it adds to `Plugin`.
import type {} from '@backon/hedge'
import picocolors from 'picocolors'

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
  const { exception: error, value }: { exception?: any; value?: any } = details
  if (!('exception' in details)) return (value.ok ? paint.green : paint.yellow)(`${value.status} ${value.statusText}`)
  if (error instanceof ResponseError) {
    const asked = error.response.headers.get('retry-after')
    return paint.yellow(asked === null ? `${error.status} ${error.response.statusText}` : `${error.status}, Retry-After: ${asked}`)
  }
  if (error?.refused) return refusal
  if (error?.name === 'TimeoutError') return paint.yellow('no answer in time')
  if (error?.message === 'fetch failed') return paint.yellow(error.cause?.code === 'ECONNRESET' ? 'connection reset' : 'connection closed')
  return paint.red(error?.message ?? String(error))
}

/** Says why a call was given up. */
const reasons: Partial<Record<GiveupEnd, string>> = { fatal: 'not sent again', tries: 'given up: that was the last attempt', time: 'given up: out of time', exhausted: 'given up: too long to wait' }

const refusal = paint.magenta('refused, nothing sent')

/** Pads what may contain colours by what is seen of it. */
const column = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - visible(text)))

// oxlint-disable-next-line no-control-regex -- the escape character is what colours are made of
const visible = (text: string): number => text.replaceAll(/\x1b\[\d+m/g, '').length

export interface Timeline extends Plugin {
  /** Prints a line of text below what is there. */
  say(text?: string): void
  /** Prints the line of a request that was made without a policy. */
  request(name: string, outcome: string, took: number): void
}

/** Draws one line an attempt: when it ended, how, and what came next. It only watches, as any plugin can. */
export const timeline = (): Timeline => {
  const zero = performance.now()
  /** The line that is still changing: what it says now, or at last (`Infinity`); one without an end is wiped out instead. */
  let line: ((now: number) => string) | undefined
  let timer: NodeJS.Timeout | undefined
  /** Calls in a row that were refused at once: they share a line. */
  let refused: { name: string; times: number } | undefined

  const settle = (): void => {
    clearInterval(timer)
    if (line) process.stdout.write(`\r\x1b[2K${line(Infinity)}`)
    line = undefined
  }
  const write = (text: string): void => {
    settle()
    process.stdout.write(`${text}\n`)
  }
  const print = (text: string): void => {
    const { name, times } = refused ?? { times: 0 }
    refused = undefined
    if (times > 0) write(row(name!, '', times === 1 ? refusal : paint.magenta(`${times} calls refused, nothing sent`)).trimEnd())
    write(text)
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

  /** The time is the one at which the line is written, so that it never runs back. */
  const row = (name: string, tries: number | string, text: string, took?: number, now = performance.now()): string =>
    `${paint.dim(`${((now - zero) / 1000).toFixed(2).padStart(5)} s`)}  ${name.padEnd(10)}${String(tries).padStart(2)}  ${column(text, 24)}${took === undefined ? '' : `${Math.round(took)} ms`.padStart(6)}  `
  const attempt = (details: Details): string => row(details.name, details.tries, outcome(details), details.duration)
  const note = (name: string, text: string): void => print(row(name, '', paint.magenta(text)).trimEnd())
  /** What an outcome has brought about is told before the outcome itself: it waits here for its line. */
  let consequence: (() => void) | undefined
  const end = (details: Details, text: string): void => {
    print(attempt(details) + text)
    consequence?.()
    consequence = undefined
  }
  const circuit = (text: string) => ({ breaker, retryAfter }: CircuitEvent): void => {
    consequence = () => note(breaker, text + (retryAfter ? `, next probe in ${Math.ceil(retryAfter)} ms` : ''))
  }

  return {
    say(text = '') {
      print(text)
    },
    request(name, outcome, took) {
      print(row(name, '', outcome.startsWith('200') ? paint.green(outcome) : paint.yellow(outcome), took).trimEnd())
    },
    onAttempt(details) {
      draw((now) => (now === Infinity ? '' : `${row(details.name, details.tries, paint.dim('…'), undefined, now)}`))
    },
    onBackoff(details) {
      const wait = details.wait!
      const from = performance.now()
      const facts = `${attempt(details)}wait ${String(Math.round(wait)).padStart(4)} ms  `
      if (consequence) end(details, `wait ${String(Math.round(wait)).padStart(4)} ms  ${paint.cyan(bar(wait))}`)
      else draw((now) => facts + paint.cyan(bar(Math.min(now - from, wait))) + (now === Infinity ? '\n' : ''))
    },
    onSuccess(details) {
      end(details, details.value?.ok === false ? 'an answer, not retried' : paint.green('done'))
    },
    onGiveup(details) {
      const refusedAtOnce = details.end === 'refused' && details.tries === 1
      if (!refusedAtOnce) return end(details, paint.red(reasons[details.end] ?? 'given up'))
      settle()
      refused = { name: details.name, times: (refused?.times ?? 0) + 1 }
    },
    onCircuitOpen: circuit('the circuit opens'),
    onCircuitClose: circuit('the circuit closes'),
    onCircuitHalfOpen({ breaker }) {
      note(breaker, 'the circuit lets a probe through')
    },
    onHedge({ name, copy }) {
      note(name, `no answer yet, copy ${copy} starts`)
    },
    onHedgeWin({ name, copy }) {
      note(name, `copy ${copy} has answered first, the rest is aborted`)
    },
  }
}

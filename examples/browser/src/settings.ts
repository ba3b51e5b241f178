/** A number that the user chooses. */
export interface NumberField {
  readonly kind: 'number'
  readonly label: string
  readonly unit?: string
  readonly initial: number
  readonly min: number
  readonly max: number
  readonly integer?: boolean
  /** May be left empty, which means none. `initial` is then NaN. */
  readonly optional?: boolean
}

export interface ChoiceField {
  readonly kind: 'choice'
  readonly label: string
  readonly initial: string
  readonly choices: Readonly<Record<string, string>>
}

export interface SwitchField {
  readonly kind: 'switch'
  readonly label: string
  readonly initial: boolean
}

/** Text that stands for itself, such as an address. */
export interface TextField {
  readonly kind: 'text'
  readonly label: string
  readonly initial: string
}

export type Field = NumberField | ChoiceField | SwitchField | TextField

const hour = 3_600_000
const ms = (label: string, initial: number, max = hour): NumberField => ({ kind: 'number', label, unit: 'ms', initial, min: 0, max })
const none = (label: string, unit: string | undefined, min: number, max: number, integer = false): NumberField => ({
  kind: 'number', label, ...(unit && { unit }), initial: NaN, min, max, integer, optional: true,
})
const times = (label: string, initial: number, min: number, max: number): NumberField => ({ kind: 'number', label, initial, min, max })
const count = (label: string, initial: number, min: number, max: number): NumberField => ({ kind: 'number', label, initial, min, max, integer: true })
const percent = (label: string, initial: number): NumberField => ({ kind: 'number', label, unit: '%', initial, min: 0, max: 100 })

/** The wait strategies, and the options of each by its own name in the library. */
export const strategies = {
  expo: { factor: ms('First wait', 1_000), base: times('Grows by', 2, 0, 100), maxValue: none('At most', 'ms', 0, hour) },
  fibo: { factor: ms('First wait', 1_000), maxValue: none('At most', 'ms', 0, hour) },
  constant: { interval: ms('Wait', 1_000) },
  waitIncrementing: { start: ms('First wait', 1_000), increment: { ...ms('Each longer by', 1_000), min: -hour }, maxValue: none('At most', 'ms', 0, hour) },
  decay: { initialValue: ms('First wait', 1_000), decayFactor: times('Shrinks by e to the', 1, 0, 100), minValue: ms('At least', 0) },
  decorrelated: { base: ms('At least', 1_000), maxValue: ms('At most', 20_000) },
  waitRandom: { min: ms('At least', 0), max: ms('At most', 1_000) },
  waitRandomExponential: { multiplier: ms('First upper bound', 1_000), expBase: times('Grows by', 2, 0, 100), maxValue: none('At most', 'ms', 0, hour), minValue: ms('At least', 0) },
  waitExponentialJitter: { initial: ms('First wait', 1_000), expBase: times('Grows by', 2, 0, 100), jitter: ms('Plus up to', 1_000), max: ms('At most', 60_000) },
} as const satisfies Record<string, Record<string, NumberField>>

export type Strategy = keyof typeof strategies

/** Everything that can be chosen, by group. The names of waits' options are `strategy.option`. */
export const groups: Readonly<Record<string, Readonly<Record<string, Field>>>> = {
  Wait: {
    wait: {
      kind: 'choice',
      label: 'Strategy',
      initial: 'expo',
      choices: {
        expo: 'expo: doubles', fibo: 'fibo: 1, 1, 2, 3, 5', constant: 'constant', waitIncrementing: 'waitIncrementing', decay: 'decay: shrinks', decorrelated: 'decorrelated',
        waitRandom: 'waitRandom', waitRandomExponential: 'waitRandomExponential', waitExponentialJitter: 'waitExponentialJitter',
      },
    },
    ...Object.fromEntries(Object.entries(strategies).flatMap(([strategy, options]) => Object.entries(options).map(([name, field]) => [`${strategy}.${name}`, field]))),
    jitter: { kind: 'choice', label: 'Jitter', initial: 'fullJitter', choices: { fullJitter: 'full', equalJitter: 'equal', randomJitter: 'up to 1 s more', null: 'none' } },
  },
  Stop: {
    maxTries: count('Attempts at most', 5, 1, 100),
    maxTime: none('Whole call at most', 'ms', 0, hour),
    timeout: none('Each attempt at most', 'ms', 0, hour),
  },
  Breaker: {
    breaker: { kind: 'switch', label: 'Use a circuit breaker', initial: false },
    failureThreshold: count('Opens after failures', 5, 1, 1_000),
    recoveryTimeout: ms('Stays open for', 5_000),
  },
  Hedge: {
    hedge: { kind: 'switch', label: 'Hedge slow attempts', initial: false },
    hedgeWait: ms('Next copy after', 300),
    maxHedge: count('Copies at most', 2, 1, 10),
  },
  Service: {
    service: { kind: 'choice', label: 'Call', initial: 'simulated', choices: { simulated: 'simulation', url: 'real address' } },
    url: { kind: 'text', label: 'Address', initial: '' },
    failures: percent('Fails', 40),
    latency: ms('Answers in', 200, 60_000),
    slow: percent('Is slow', 10),
    slowLatency: ms('Then answers in', 2_000, 60_000),
    outageFrom: ms('Down from', 8_000),
    outageFor: ms('Down for', 6_000),
  },
  Run: {
    calls: count('Calls', 12, 1, 200),
    every: ms('One every', 1_500, 60_000),
    speed: times('Times real time', 10, 0.1, 1_000),
    seed: count('Seed', 1, 0, 4_294_967_295),
  },
}

export const fields: Readonly<Record<string, Field>> = Object.assign({}, ...Object.values(groups))

/** What was chosen: numbers (NaN for none), texts and switches, by name. */
export type Settings = Readonly<Record<string, number | string | boolean>>

/** What is typed in a field, or what is wrong with it. */
export function read(field: Field, text: string): { value: number | string | boolean } | { problem: string } {
  const typed = text.trim()
  if (field.kind === 'switch') return { value: typed === 'true' }
  if (field.kind === 'text') return { value: typed }
  if (field.kind === 'choice') return typed in field.choices ? { value: typed } : { problem: `There is no “${typed}”.` }
  if (typed === '' && field.optional) return { value: NaN }
  const value = Number(typed)
  const range = `from ${show(field.min)} to ${show(field.max)}`
  if (typed === '' || !Number.isFinite(value)) return { problem: `Needs a number ${range}${field.optional ? ', or nothing' : ''}.` }
  if (field.integer && !Number.isInteger(value)) return { problem: `Needs a whole number ${range}; ${show(value)} is not whole.` }
  if (value < field.min || value > field.max) return { problem: `Needs a number ${range}; ${show(value)} is too ${value < field.min ? 'small' : 'large'}.` }
  return { value }
}

/** Writes a number for people: 1,000 and 0.25. */
export const show = (value: number): string => value.toLocaleString('en', { maximumFractionDigits: 2 })

/** Writes a value as it would be typed. */
export const write = (value: number | string | boolean): string => (Number.isNaN(value) ? '' : String(value))

/** A number that the user chooses. */
export interface NumberField {
  readonly kind: 'number'
  readonly label: string
  /** How the library calls it, where it has a name for it. */
  readonly option?: string
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
  readonly option?: string
  readonly initial: string
  readonly choices: Readonly<Record<string, string>>
}

export interface SwitchField {
  readonly kind: 'switch'
  readonly label: string
  readonly option?: string
  readonly initial: boolean
}

/** Text that stands for itself, such as an address. */
export interface TextField {
  readonly kind: 'text'
  readonly label: string
  readonly option?: string
  readonly initial: string
}

export type Field = NumberField | ChoiceField | SwitchField | TextField

const hour = 3_600_000
const ms = (label: string, initial: number, option?: string, max = hour): NumberField => ({ kind: 'number', label, ...(option && { option }), unit: 'ms', initial, min: 0, max })
const none = (label: string, option: string | undefined, unit: string | undefined, max: number, integer = false): NumberField => ({
  kind: 'number', label, ...(option && { option }), ...(unit && { unit }), initial: NaN, min: 0, max, integer, optional: true,
})
const times = (label: string, initial: number, option: string, max: number): NumberField => ({ kind: 'number', label, option, initial, min: 0, max })
const count = (label: string, initial: number, min: number, max: number, option?: string): NumberField => ({ kind: 'number', label, ...(option && { option }), initial, min, max, integer: true })
const percent = (label: string, initial: number, option?: string): NumberField => ({ kind: 'number', label, ...(option && { option }), unit: '%', initial, min: 0, max: 100 })

/** The wait strategies, and the options of each by its own name in the library. */
export const strategies = {
  expo: { factor: ms('First wait', 1_000, 'factor'), base: times('Grows by', 2, 'base', 100), maxValue: none('At most', 'maxValue', 'ms', hour) },
  fibo: { factor: ms('First wait', 1_000, 'factor'), maxValue: none('At most', 'maxValue', 'ms', hour) },
  constant: { interval: ms('Wait', 1_000) },
  waitIncrementing: { start: ms('First wait', 1_000, 'start'), increment: { ...ms('Each longer by', 1_000, 'increment'), min: -hour }, maxValue: none('At most', 'maxValue', 'ms', hour) },
  decay: { initialValue: ms('First wait', 1_000, 'initialValue'), decayFactor: times('Shrinks by e to the', 1, 'decayFactor', 100), minValue: ms('At least', 0, 'minValue') },
  decorrelated: { base: ms('At least', 1_000, 'base'), maxValue: ms('At most', 20_000, 'maxValue') },
  retryAfter: { fallback: ms('Without a hint', 1_000, 'fallback'), max: ms('Longest hint', 60_000, 'max') },
  waitRandom: { min: ms('At least', 0, 'min'), max: ms('At most', 1_000, 'max') },
  waitRandomExponential: { multiplier: ms('First upper bound', 1_000, 'multiplier'), expBase: times('Grows by', 2, 'expBase', 100), maxValue: none('At most', 'maxValue', 'ms', hour), minValue: ms('At least', 0, 'minValue') },
  waitExponentialJitter: { initial: ms('First wait', 1_000, 'initial'), expBase: times('Grows by', 2, 'expBase', 100), jitter: ms('Plus up to', 1_000, 'jitter'), max: ms('At most', 60_000, 'max') },
} as const satisfies Record<string, Record<string, NumberField>>

export type Strategy = keyof typeof strategies

type Group = Readonly<Record<string, Field>>

/** What makes a policy. The names of waits' options are `strategy.option`. */
export const policyGroups: Readonly<Record<string, Group>> = {
  Wait: {
    wait: {
      kind: 'choice',
      label: 'Strategy',
      option: 'wait',
      initial: 'expo',
      choices: {
        expo: 'expo', fibo: 'fibo', constant: 'constant', waitIncrementing: 'waitIncrementing', decay: 'decay', decorrelated: 'decorrelated', retryAfter: 'retryAfter',
        waitRandom: 'waitRandom', waitRandomExponential: 'waitRandomExponential', waitExponentialJitter: 'waitExponentialJitter',
      },
    },
    ...Object.fromEntries(Object.entries(strategies).flatMap(([strategy, options]) => Object.entries(options).map(([name, field]) => [`${strategy}.${name}`, field]))),
    jitter: { kind: 'choice', label: 'Jitter', option: 'jitter', initial: 'fullJitter', choices: { fullJitter: 'full', equalJitter: 'equal', randomJitter: 'up to 1 s more', null: 'none' } },
  },
  Stop: {
    maxTries: count('Attempts at most', 5, 1, 100, 'maxTries'),
    maxTime: none('Whole call at most', 'maxTime', 'ms', hour),
    timeout: none('Each attempt at most', 'timeout()', 'ms', hour),
  },
  Breaker: {
    breaker: { kind: 'switch', label: 'Use a circuit breaker', option: 'CircuitBreaker', initial: false },
    trip: { kind: 'choice', label: 'Opens after', option: 'trip', initial: 'row', choices: { row: 'some in a row', share: 'a share' } },
    failureThreshold: count('Failures in a row', 5, 1, 1_000, 'failureThreshold'),
    failureRate: { ...percent('Share of failures', 50, 'failureRate'), min: 1 },
    window: { ...ms('Of the last', 10_000, 'duration'), min: 1_000 },
    minimumCalls: count('But of so many calls', 5, 1, 1_000, 'minimumCalls'),
    recoveryTimeout: ms('Stays open for', 5_000, 'recoveryTimeout'),
  },
  Hedge: {
    hedge: { kind: 'switch', label: 'Hedge slow attempts', option: 'hedging', initial: false },
    hedgeWait: ms('Next copy after', 300, 'wait'),
    maxHedge: count('Copies at most', 2, 1, 10, 'maxHedge'),
  },
  Budget: {
    budget: { kind: 'switch', label: 'Bound retries and copies', option: 'RetryBudget', initial: false },
    ratio: { ...percent('Earned by a success', 10, 'ratio'), unit: '% of a retry' },
    credit: count('To begin with', 3, 0, 100, 'credit'),
  },
}

/** What the policies are played against: the same for both. */
export const worldGroups: Readonly<Record<string, Group>> = {
  Service: {
    service: { kind: 'choice', label: 'Call', initial: 'simulated', choices: { simulated: 'simulation', url: 'real address' } },
    url: { kind: 'text', label: 'Address', initial: '' },
    failures: percent('Fails', 40),
    latency: ms('Answers in', 200, undefined, 60_000),
    slow: percent('Is slow', 10),
    slowLatency: ms('Then answers in', 2_000, undefined, 60_000),
    outageFrom: ms('Down from', 8_000),
    outageFor: ms('Down for', 6_000),
    limit: { ...none('Says 429 above', undefined, '% of the usual load', 1_000), min: 1 },
  },
  Calls: {
    calls: count('Calls', 12, 1, 200),
    every: { ...ms('One every', 1_500, undefined, 60_000), min: 1 },
    seed: count('Seed', 1, 0, 4_294_967_295),
  },
  'Many clients': {
    clients: count('Clients', 1_000, 1, 2_000),
    processes: count('In so many processes', 20, 1, 2_000),
    pause: { ...ms('Each calls every', 20_000, undefined, 600_000), min: 100 },
    duration: { ...ms('For', 40_000, undefined, 120_000), min: 1_000 },
  },
}

const fieldsOf = (groups: Readonly<Record<string, Group>>): Group => Object.assign({}, ...Object.values(groups))

/** The fields of one policy, by their own names. */
export const policyFields: Group = fieldsOf(policyGroups)

/** Whether there is a second policy beside the first. */
export const compare: SwitchField = { kind: 'switch', label: 'Compare with a second policy', initial: false }

const prefixed = (group: Group): Group => Object.fromEntries(Object.entries(group).map(([name, field]) => [`b.${name}`, field]))

/** The second policy: as the first, its names begin with `b.`. */
export const secondGroups: Readonly<Record<string, Group>> = Object.fromEntries(Object.entries(policyGroups).map(([title, group]) => [title, prefixed(group)]))

/** Everything that can be chosen, by name. */
export const fields: Group = { ...policyFields, compare, ...prefixed(policyFields), ...fieldsOf(worldGroups) }

/** The settings of one of the two policies, by their own names. */
export const policyOf = (settings: Settings, which: 'a' | 'b'): Settings =>
  Object.fromEntries(Object.keys(policyFields).map((name) => [name, settings[which === 'b' ? `b.${name}` : name]!]))

/** What is there when nothing is chosen. */
export const initial: Settings = Object.fromEntries(Object.entries(fields).map(([name, { initial }]) => [name, initial]))

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

import { describe } from './timeline.ts'

/** An event of a plugin, as its hook is called. */
export type PluginEvent = keyof typeof says

type Facts = Readonly<Record<string, any>>

const circuit = ({ breaker }: Facts): string => `circuit ${JSON.stringify(breaker)}`
const moves = [circuit, ({ from, to }: Facts) => `${from} → ${to}`] as const
const hedge = (text: (facts: Facts) => string) => [({ name }: Facts) => name, (facts: Facts) => `hedge: copy ${facts.copy} ${text(facts)}`] as const
const named = (kind: string, text: (facts: Facts) => string) => [(facts: Facts) => `${kind} ${JSON.stringify(facts[kind] ?? facts.name ?? '')}`, text] as const

/** Who says what. Known by name only: none of these packages need be there. */
const says = {
  onCircuitOpen: moves,
  onCircuitHalfOpen: moves,
  onCircuitClose: moves,
  onCircuitReject: [circuit, ({ to }: Facts) => `refuses a call while ${to}`],
  onHedge: hedge(() => 'starts'),
  onHedgeWin: hedge(() => 'has won'),
  onHedgeFail: hedge((facts) => `failed${'exception' in facts ? `: ${describe(facts.exception)}` : ''}`),
  onLimitWait: named('limit', () => 'lets a call wait'),
  onLimitReject: named('limit', () => 'refuses a call'),
  onThrottleReject: named('throttle', () => 'refuses a call'),
  onBudgetReject: named('budget', ({ kind = 'retry' }) => `refuses a ${kind}`),
} as const satisfies Record<string, readonly [who: (facts: Facts) => string, text: (facts: Facts) => string]>

/** All of them. */
export const pluginEvents = Object.keys(says) as readonly PluginEvent[]

/** Writes an event in words. */
export const inWords = (event: PluginEvent, facts: Facts): { who: string; text: string } => {
  const [who, text] = says[event]
  return { who: who(facts), text: text(facts) }
}

/** Who refuses something by this event, in the word of `error.refusedBy`. */
export const refusing: Partial<Record<PluginEvent, string>> = { onCircuitReject: 'circuit', onLimitReject: 'limit', onThrottleReject: 'throttle', onBudgetReject: 'budget' }

import { calling, type Kind, kinds, type Layer, watching } from './layers.ts'
import { diceFrom } from './dice.ts'
import { type Mood, moods } from './service.ts'

/** A layer to be made: its options are drawn by its seed, so that they are the same whatever stands beside it. */
export interface Planned {
  readonly kind: Kind
  readonly form: Layer['form']
  readonly seed: number
  /** Attempts, of a retry that is there only for the plugins that follow it. */
  readonly tries?: number
  /** It is the object at that place, once more: in a call inside, or in the same one. */
  readonly same?: number
}

export interface PlannedCall {
  readonly at: number
  /** How long after its begin its caller leaves, and with what reason. */
  readonly leaves?: { readonly after: number; readonly reason: unknown }
}

/** All that happens in a run, before it happens. */
export interface Plan {
  readonly seed: number
  readonly layers: readonly Planned[]
  /** The object at one place stands at another one, too. */
  readonly twice?: { readonly first: number; readonly second: number }
  readonly moods: readonly { readonly mood: Mood; readonly until: number }[]
  readonly calls: readonly PlannedCall[]
  /** Whether what enters and leaves each layer is watched. */
  readonly tapped: boolean
  /** Whether the service never looks at a signal. */
  readonly deaf: boolean
}

/** Every order of two and of three kinds, and each that has a meaning inside itself. */
export const orders: readonly (readonly Kind[])[] = [
  ...kinds.flatMap((a) => kinds.map((b) => [a, b])),
  ...kinds.flatMap((a) => kinds.flatMap((b) => kinds.map((c) => [a, b, c]))),
]

const reasons = [
  () => new DOMException('left', 'AbortError'),
  () => Object.assign(new Error('left'), { name: 'Left' }),
  () => ({ left: true }),
]

export const planOf = (seed: number): Plan => {
  const dice = diceFrom(seed)
  // In a fixed order, so that a number of runs reaches each as often.
  const order = orders[seed % orders.length]!
  const layers: Planned[] = []
  order.forEach((kind, i) => {
    const drawn = diceFrom(seed * 31 + i)
    const isHead = (kind === 'retry' || kind === 'hedge') && drawn.chance(0.6)
    const form = isHead ? 'head' : calling.includes(kind) && drawn.chance(0.35) ? 'call' : 'plugin'
    // Plugins need a call to be plugins of; those of `hedge()` would stand around it.
    const before = layers.at(-1)
    if (form === 'plugin' && (!before || before.form === 'call' || (before.form === 'head' && before.kind === 'hedge'))) layers.push({ kind: 'retry', form: 'head', seed: seed * 31 + 100 + i, tries: drawn.pick([1, 2, 3]) })
    layers.push({ kind, form, seed: seed * 31 + 10 + i })
  })

  const plugins = layers.flatMap(({ form }, i) => (form === 'plugin' ? [i] : []))
  const first = dice.pick(plugins)
  const last = layers.findIndex(({ form }, i) => i > first && form !== 'plugin')
  const twice = plugins.length && dice.chance(0.15) ? { first, second: dice.whole(first, (last < 0 ? layers.length : last) - 1) } : undefined

  for (const [i, one] of layers.entries()) {
    const same = layers.findIndex(({ kind, form }, earlier) => earlier < i && kind === one.kind && kind !== 'retry' && form !== 'head' && one.form !== 'head')
    if (same >= 0 && dice.chance(0.4)) layers[i] = { ...one, same }
  }

  let until = 0
  const mooded = Array.from({ length: dice.whole(1, 3) }, () => ({ mood: dice.pick(moods), until: (until += dice.whole(20, 300)) }))
  let at = 0
  const calls = Array.from({ length: dice.whole(1, 6) }, (): PlannedCall => {
    at += dice.pick([0, 0, dice.whole(0, 60), dice.whole(0, 200)])
    return dice.chance(0.35) ? { at, leaves: { after: dice.whole(0, 200), reason: dice.pick(reasons)() } } : { at }
  })
  return { seed, layers, ...(twice && { twice }), moods: mooded, calls, tapped: dice.chance(0.75), deaf: dice.chance(0.2) }
}

/** Says in a line what a run is about. */
export const inShort = ({ seed, layers, twice, moods, calls }: Plan): string =>
  `SEED=${seed} ${layers.map(({ kind, form, tries, same }) => `${kind}${form === 'plugin' ? '' : form === 'call' ? '.call' : '()'}${tries ? `[${tries}]` : ''}${same === undefined ? '' : `=${same}`}`).join(' > ')}` +
  `${twice ? ` (${twice.first} again at ${twice.second})` : ''}; ${moods.map(({ mood, until }) => `${mood} until ${until}`).join(', ')}; ` +
  calls.map(({ at, leaves }) => `${at}${leaves ? ` leaves ${at + leaves.after}` : ''}`).join(', ')

/** The same run without the layers that change nothing; `undefined` where there are none. */
export const bare = (plan: Plan): Plan | undefined => {
  const layers = plan.layers.filter(({ kind }) => !watching.includes(kind))
  return plan.twice || layers.length === plan.layers.length || layers.some(({ same }) => same !== undefined) ? undefined : { ...plan, layers }
}

/** The same run with each object once; `undefined` where there is none in two places. */
export const once = ({ twice, ...plan }: Plan): Plan | undefined => twice && plan

import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, test } from 'vitest'
import { override } from '../seams/override.ts'
import type { Details, Undo, Wait } from '../types.ts'
import { constant } from './constant.ts'
import { decay } from './decay.ts'
import { waitException } from './exception.ts'
import { expo } from './expo.ts'
import { fibo } from './fibo.ts'
import { waitIncrementing } from './incrementing.ts'
import { waitNone } from './none.ts'
import { waitRandomExponential } from './random-exponential.ts'
import { waitRandom } from './random.ts'
import { waitSum } from './sum.ts'

type Params = Record<string, any>
interface Row { generator: string; params: Params; waits: (number | 'EXHAUSTED')[] }
interface DrawnRow { generator: string; params: Params; unit_draw: Record<string, number[]> }

const vectors: { waits: Row[]; unit_draw: DrawnRow[] } = JSON.parse(
  readFileSync(new URL('./waits.vectors.json', import.meta.url), 'utf8'),
)

/** The original's seconds and snake case as ms and camel case; a base and a decay factor have no unit. */
const options = (params: Params): Params =>
  Object.fromEntries(
    Object.entries(params).map(([name, value]) => [
      name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()),
      /base|decay_factor/.test(name) ? value : [value].flat().map((seconds) => seconds * 1_000)[Array.isArray(value) ? 'slice' : 'at'](0),
    ]),
  )

const parse = (text: string): Wait => {
  const [, name, params] = /^(\w+)\(?(.*?)\)?$/.exec(text)!
  return make(name!, Object.fromEntries(params!.split(',').filter(Boolean).map((pair) => [pair.split('=')[0], Number(pair.split('=')[1])])))
}

const make = (generator: string, params: Params): Wait => {
  switch (generator) {
    case 'expo': return expo(options(params))
    case 'fibo': return fibo(options(params))
    case 'decay': return decay(options(params))
    case 'constant': return constant(options(params).interval)
    case 'wait_none': return waitNone()
    case 'wait_random': return waitRandom(options(params))
    case 'wait_random_exponential': return waitRandomExponential(options(params))
    case 'wait_incrementing': return waitIncrementing(options(params))
    case 'wait_exception': return waitException((x) => (x + 1) * 1_000)
    case 'sum(+)': return waitSum(...params.of.map(parse))
    case 'wait_combine': return waitSum(...params.of.map((of: string) => (params.call_kwargs ? make(of, params.call_kwargs) : parse(of))))
    default: throw new Error(`no strategy for ${generator}`)
  }
}

const exceptions = [1, 3, 10]

const expectWaits = (wait: Wait, waits: Row['waits']): void => {
  waits.forEach((seconds, n) => {
    const ms = wait({ tries: n + 1, exception: exceptions[n] } as Details)
    if (seconds === 'EXHAUSTED') expect(ms).toBeUndefined()
    else {
      // The original counts down below 0; here no wait is shorter than none.
      const expected = Math.max(seconds * 1_000, 0)
      expect(Math.abs(ms! - expected), `step ${n}: ${ms} is not ${expected}`).toBeLessThanOrEqual(expected * 1e-12)
    }
  })
}

describe('waits as the Python original does', () => {
  test.each(vectors.waits.map((row) => [row.generator, JSON.stringify(row.params), row] as const))('%s %s', (_, __, row) => {
    expectWaits(make(row.generator, row.params), row.waits)
  })
})

describe('draws as the Python original does', () => {
  let undo: Undo
  afterEach(() => undo())

  const rows = vectors.unit_draw.flatMap(({ generator, params, unit_draw }) =>
    Object.entries(unit_draw).map(([draw, waits]) => [generator, JSON.stringify(params), draw, { generator, params, waits }] as const),
  )

  test.each(rows)('%s %s at a draw of %s', (_, __, draw, row) => {
    undo = override({ random: () => Number(draw) })
    expectWaits(make(row.generator, row.params), row.waits)
  })
})

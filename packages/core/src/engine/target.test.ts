import { describe, expect, test } from 'vitest'
import { iterate } from '../shells/iterate.ts'
import { onException, onExceptionSync, onPredicate, onPredicateSync } from '../shells/decorate.ts'
import { retry } from '../shells/retry.ts'
import { retrySync } from '../shells/retry-sync.ts'
import { Retrying } from '../shells/retrying.ts'
import { retryingCaller, retryingCallerSync } from '../shells/caller.ts'
import { checkTarget } from './target.ts'

const sentence = /must not be a generator function: its body runs when the result is iterated/
const generators: [string, any][] = [
  ['a generator function', function* () {}],
  ['an async generator function', async function* () {}],
  ['a generator method', Object.values({ *pages() {} })[0]],
  ['a bound generator function', function* () {}.bind(undefined)],
  ['a proxy of one', new Proxy(function* () {}, {})],
]

describe('F-17', () => {
  describe.each(generators)('%s', (_, generator) => {
    test('is refused by what wraps a function, when it wraps', () => {
      for (const wrap of [onException, onExceptionSync, onPredicate, onPredicateSync]) expect(() => (wrap as any)(0)(generator)).toThrow(sentence)
    })

    test('is refused by what calls a function at once', async () => {
      await expect(retry(generator)).rejects.toThrow(sentence)
      await expect(new Retrying().call(generator)).rejects.toThrow(sentence)
      await expect(new Retrying().wrap(generator)()).rejects.toThrow(sentence)
      await expect(retryingCaller()(generator)).rejects.toThrow(sentence)
      expect(() => retrySync(generator)).toThrow(sentence)
      expect(() => new Retrying().callSync(generator)).toThrow(sentence)
      expect(() => retryingCallerSync()(generator)).toThrow(sentence)
    })

    test('is refused by a turn of a loop', async () => {
      const loop = async (): Promise<void> => {
        for await (const attempt of new Retrying()) await attempt.run(generator)
      }
      await expect(loop()).rejects.toThrow(sentence)
      expect(() => {
        for (const attempt of new Retrying()) attempt.run(generator)
      }).toThrow(sentence)
    })
  })

  test.each([
    ['an arrow function', () => 1],
    ['an async function', async () => 1],
    ['a function that returns an iterator', () => [1].values()],
    ['a bound function', iterate.bind.bind(iterate)],
    ['a class method', Object.values({ load() {} })[0]],
  ])('%s will do', (_, fn) => {
    expect(() => checkTarget(fn)).not.toThrow()
  })

  test.each([undefined, null, 5, 'x', {}, Promise.resolve()])('%s is no function', (target) => {
    expect(() => checkTarget(target)).toThrow(/^operation must be a function; got /)
    expect(() => checkTarget(target, 'target')).toThrow(/^target must be a function; got /)
  })
})

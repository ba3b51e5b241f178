import { describe, expect, test, vi } from 'vitest'
import { className, exceptionType, perLabel } from './labels.ts'

describe('perLabel', () => {
  test('makes what belongs to a label once, and names who has no name', () => {
    const make = vi.fn((label: string) => ({ label }))
    const of = perLabel(9, make)

    expect([of('a'), of(''), of('a'), of('')].map(({ label }) => label)).toEqual(['a', 'anonymous', 'a', 'anonymous'])
    expect(of('')).toBe(of('anonymous'))
    expect(make).toHaveBeenCalledTimes(2)
  })

  test('after the first so many there is one other, made once for all', () => {
    const make = vi.fn((label: string) => ({ label }))
    const of = perLabel(2, make)
    const seen = ['a', 'b', 'c', 'd', 'c', '', 'a'].map((label) => of(label).label)

    expect(seen).toEqual(['a', 'b', 'other', 'other', 'other', 'other', 'a'])
    expect(make).toHaveBeenCalledTimes(3)
    expect(of('e')).toBe(of('f'))
  })

  test('a label that is called other is the same as what is left over', () => {
    const of = perLabel(1, (label) => ({ label }))
    const other = of('other')

    expect(of('b')).toBe(other)
  })
})

describe('className', () => {
  class HttpError extends Error {}
  const unnamed = Object.assign(new Error(), { constructor: { name: 5 } })
  const hostile = Object.defineProperty(new Error(), 'constructor', { get: () => { throw new Error('secret') } })
  const cases: [what: string, thrown: unknown, name: string][] = [
    ['an error', new HttpError('secret'), 'HttpError'],
    ['an error that was given a name', Object.assign(new Error('secret'), { name: 'secret' }), 'Error'],
    ["a platform's abort", new DOMException('secret', 'AbortError'), 'AbortError'],
    ["a platform's timeout", new DOMException('secret', 'TimeoutError'), 'TimeoutError'],
    ['a DOMException of a name of its own', new DOMException('secret', 'secret'), 'DOMException'],
    ['a string', 'secret', 'string'],
    ['undefined', undefined, 'undefined'],
    ['null', null, 'object'],
    ['an object without a class', Object.create(null), 'object'],
    ['a function', () => 1, 'function'],
    ['a class whose name is a text', Object.assign(new Error(), { constructor: { name: 'x'.repeat(100) } }), 'object'],
    ['a class whose name is no string', unnamed, 'object'],
    ['a getter that throws', hostile, 'object'],
  ]
  test.for(cases.map(([what, thrown, name]) => ({ what, name, of: () => thrown })))('of $what is $name', ({ of, name }) => {
    expect(className(of())).toBe(name)
  })
})

test('exceptionType is none for a value, and says so of an exception that is undefined', () => {
  expect(exceptionType({})).toBe('none')
  expect(exceptionType({ exception: undefined })).toBe('undefined')
  expect(exceptionType({ exception: new TypeError() })).toBe('TypeError')
})

test('RT-39: 80 classes make 51 labels at most', () => {
  const types = Array.from({ length: 80 }, (_, i) => exceptionType({ exception: new ({ [`Error${i}`]: class extends Error {} }[`Error${i}`]!)() }))

  expect(new Set(types).size).toBeLessThanOrEqual(51)
  expect(types.at(-1)).toBe('other')
})

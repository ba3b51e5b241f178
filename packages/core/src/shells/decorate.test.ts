import { afterEach, describe, expect, test, vi } from 'vitest'
import { type VirtualTime, virtualTime } from '../../test/time.ts'
import { decorator, onException, onExceptionSync, onPredicate, onPredicateSync } from './decorate.ts'
import { override } from '../seams/override.ts'
import type { Details, Retried, Undo } from '../types.ts'

let undo: Undo | undefined
afterEach(() => undo?.())
const virtual = (): VirtualTime => {
  const time = virtualTime()
  undo = override({ clock: time, random: () => 0.5 })
  return time
}
const quick = { sleep: () => {} }

describe('around a function', () => {
  test('keeps this, arguments, name and length', async () => {
    const fn = function greet(this: { name: string }, greeting: string, mark = '!'): string {
      return greeting + this.name + mark
    }
    const retried = onException(0)(fn)
    expect([retried.name, retried.length]).toEqual(['greet', 1])
    expect(await retried.call({ name: 'Ada' }, 'Hello ')).toBe('Hello Ada!')
    const sync = onExceptionSync(0)(fn)
    expect([sync.name, sync.length]).toEqual(['greet', 1])
    expect(sync.call({ name: 'Ada' }, 'Hello ', '?')).toBe('Hello Ada?')
  })

  test('records tell the function itself and its arguments', async () => {
    const seen: Details[] = []
    const add = (a: number, b: number): number => a + b
    await onException(0, undefined, { onSuccess: (details) => void seen.push(details) })(add)(1, 2)
    onPredicateSync(0, { onSuccess: (details) => void seen.push(details) })(add)(3, 4)
    expect(seen.map(({ target, args, name }) => [target, args, name])).toEqual([[add, [1, 2], 'add'], [add, [3, 4], 'add']])
  })

  test('retries the listed exceptions only', async () => {
    const fn = vi.fn((kind: string): never => {
      throw kind === 'type' ? new TypeError(kind) : new Error(kind)
    })
    const retried = onException(0, [TypeError], quick)(fn)
    await expect(retried('type')).rejects.toThrow('type')
    expect(fn).toHaveBeenCalledTimes(3)
    await expect(retried('other')).rejects.toThrow('other')
    expect(fn).toHaveBeenCalledTimes(4)
    const sync = onExceptionSync([0, 0], TypeError, { ...quick, maxTries: 9 })(fn)
    expect(() => sync('type')).toThrow('type')
    expect(fn).toHaveBeenCalledTimes(7)
  })

  test('retries values: falsy ones, or by its predicate, and no exceptions', async () => {
    const values = [0, '', null, undefined, NaN, false, 'ok']
    const next = vi.fn(async () => values[next.mock.calls.length - 1])
    expect(await onPredicate(0, { maxTries: 9 })(next)()).toBe('ok')
    expect(next).toHaveBeenCalledTimes(7)
    let count = 0
    expect(onPredicateSync(0, { predicate: (value) => value < 3 })(() => ++count)()).toBe(3)
    const failing = vi.fn(() => { throw new Error('no value') })
    await expect(onPredicate(0)(failing)()).rejects.toThrow('no value')
    expect(() => onPredicateSync(0)(failing)()).toThrow('no value')
    expect(failing).toHaveBeenCalledTimes(2)
  })

  test('waits, and resolves as retry does', async () => {
    const time = virtual()
    let runs = 0
    const retried = onException([100, 200], undefined, { jitter: null, maxTries: 9 })(() => {
      if (++runs < 3) throw new Error('down')
      return runs
    })
    expect(await time.until(retried())).toBe(3)
    expect(time.now()).toBe(1_300)
  })

  test('one decorator serves many functions, at once', async () => {
    const decorate = onException(0, undefined, quick)
    const functions = [1, 2, 3].map((n) => {
      let runs = 0
      return decorate(async () => {
        if (++runs < n) throw new Error('down')
        return n
      })
    })
    expect(await Promise.all(functions.map((fn) => fn()))).toEqual([1, 2, 3])
  })

  test('retryWith makes another with some options replaced', async () => {
    const fn = vi.fn(function (this: unknown): never {
      throw new TypeError('down')
    })
    const retried = onException(0, TypeError, { ...quick, maxTries: 2 })(fn)
    await expect(retried.retryWith({ maxTries: 4 })()).rejects.toThrow('down')
    expect(fn).toHaveBeenCalledTimes(4)
    await expect(retried()).rejects.toThrow('down')
    expect(fn).toHaveBeenCalledTimes(6)
    await expect(retried.retryWith({ exception: RangeError }).retryWith({ maxTries: 5 })()).rejects.toThrow('down')
    expect(fn).toHaveBeenCalledTimes(7)
    const sync = onExceptionSync(0, TypeError, quick)(fn)
    expect(() => sync.retryWith({ maxTries: 1 }).call({})).toThrow('down')
    expect(fn).toHaveBeenCalledTimes(8)
    expect(Object.keys(onException(0)(() => {}))).toEqual([])
    expect(() => retried.retryWith({ maxTries: 0 })).toThrow(RangeError)
  })

  test('F-10 a positional undefined is absent: what the options say stays', async () => {
    const fn = vi.fn((): never => {
      throw new TypeError('down')
    })
    const waited: unknown[] = []
    const options = { wait: 7, exception: RangeError, maxTries: 2, jitter: null, sleep: (ms: number) => void waited.push(ms) }
    await expect(onException(undefined, undefined, options)(fn)()).rejects.toThrow('down')
    expect(fn).toHaveBeenCalledTimes(1)
    expect(() => onExceptionSync(undefined, TypeError, options)(fn)()).toThrow('down')
    expect(() => onPredicateSync(undefined, { ...options, exception: TypeError })(fn)()).toThrow('down')
    await expect(onPredicate(undefined, { ...options, exception: TypeError })(fn)()).rejects.toThrow('down')
    expect(waited).toEqual([7, 7, 7])
    expect(() => onExceptionSync(0, TypeError, undefined)(fn)()).toThrow('down')
  })

  test('F-10 retryWith leaves an undefined as it was set', async () => {
    const fn = vi.fn((): never => {
      throw new TypeError('down')
    })
    const retried = onException(0, TypeError, { ...quick, maxTries: 5 })(fn)
    await expect(retried.retryWith({ maxTries: undefined, exception: undefined, wait: undefined, sleep: undefined })()).rejects.toThrow('down')
    expect(fn).toHaveBeenCalledTimes(5)
    const polled = vi.fn(() => 0)
    expect(onPredicateSync(0, { ...quick, maxTries: 2 })(polled).retryWith({ predicate: undefined })()).toBe(0)
    expect(polled).toHaveBeenCalledTimes(2)
  })

  test('a class is refused, a frozen function and a method called class are not', () => {
    for (const target of [class {}, class Named {}, class extends Error {}]) {
      expect(() => onException(0)(target as never)).toThrow('target must be a function or a method; got a class: decorate its methods')
    }
    for (const target of [Object.freeze(function () {}), ...Object.values({ class() {} }), ...Object.values({ class () {} })]) expect(() => onException(0)(target)).not.toThrow()
  })

  test('options are checked when given, a target when it is decorated', () => {
    expect(() => onException(-1)).toThrow(/^wait must be/)
    expect(() => onException(0, 'TypeError' as never)).toThrow(/^exception must be/)
    expect(() => onPredicate(0, { predicate: 5 as never })).toThrow(/^predicate must be/)
    expect(() => onExceptionSync(0, undefined, { maxTries: 0.5 })).toThrow(/^maxTries must be .* 0\.5/)
    for (const target of [undefined, null, 5, 'x', {}, Promise.resolve()]) expect(() => onException(0)(target as never)).toThrow(/^target must be a function or a method; got /)
  })
})

describe('as a TC39 decorator', () => {
  class Base {
    attempts = 0
    readonly #secret = 'secret'

    @onException(0, TypeError, quick)
    async load(id: number, enough = 3): Promise<string> {
      if (++this.attempts < enough) throw new TypeError('down')
      return `${this.#secret} ${id}`
    }

    @onExceptionSync(0, TypeError, quick)
    loadSync(id: number): string {
      if (++this.attempts < 3) throw new TypeError('down')
      return `${this.#secret} ${id}`
    }

    @onPredicate(0, quick)
    async poll(): Promise<boolean> {
      return ++this.attempts >= 3
    }

    @onPredicateSync(0, { ...quick, predicate: (done) => !done })
    pollSync(): boolean {
      return ++this.attempts >= 3
    }

    @onException(0, TypeError, quick)
    static async make(this: typeof Base): Promise<Base> {
      return new this()
    }
  }
  class Derived extends Base {
    override async load(id: number): Promise<string> {
      return `derived ${await super.load(id)}`
    }
  }

  test('a method is retried, with its own this', async () => {
    expect(await new Base().load(1)).toBe('secret 1')
    expect(new Base().loadSync(2)).toBe('secret 2')
    expect(await new Base().poll()).toBe(true)
    expect(new Base().pollSync()).toBe(true)
    const [a, b] = [new Base(), new Base()]
    await Promise.all([a.load(1), b.load(2)])
    expect([a.attempts, b.attempts]).toEqual([3, 3])
  })

  test('static and inherited ones too', async () => {
    expect(await Base.make()).toBeInstanceOf(Base)
    expect(await Derived.make()).toBeInstanceOf(Derived)
    expect(await new Derived().load(3)).toBe('derived secret 3')
  })

  test('name, length, place and retryWith', async () => {
    expect([Base.prototype.load.name, Base.prototype.load.length]).toEqual(['load', 1])
    expect(Object.getOwnPropertyDescriptor(Base.prototype, 'load')).toMatchObject({ enumerable: false, writable: true, configurable: true })
    const base = new Base()
    await expect((base.load as Retried<Base['load']>).retryWith({ maxTries: 2 }).call(base, 1)).rejects.toThrow('down')
    expect(base.attempts).toBe(2)
  })

  test.each([
    ['getter', 'move what it does into a method, and decorate that'],
    ['setter', 'move what it does into a method, and decorate that'],
    ['field', 'write "load = onException(…)(async () => …)" instead, with what stands behind the @'],
    ['accessor', 'write "load = onException(…)(async () => …)" instead, with what stands behind the @'],
    ['class', 'decorate its methods'],
  ])('a %s is refused with what to write instead', (kind, instead) => {
    for (const target of [() => {}, undefined]) {
      expect(() => (onException(0) as Function)(target, { kind, name: 'load' })).toThrow(new TypeError(`target must be a function or a method; got a ${kind}: ${instead}`))
    }
  })

  test('a second argument that is no context is refused', () => {
    for (const context of [null, 5, {}, { kind: 5 }]) expect(() => (onException(0) as Function)(() => {}, context)).toThrow(/^the context of a decorator must be what the runtime gives it; got /)
  })
})

describe('decorator', () => {
  const twice = decorator((fn) => (...args: unknown[]) => [fn(...args), fn(...args)])

  test('makes one of whatever wraps a function, and the wrapper keeps what its target has', () => {
    const next = (n: number): number => n + 1
    next.note = 'next'
    expect(twice(next)(1)).toEqual([2, 2])
    const { name, length, note, retryWith } = twice(next)
    expect([name, length, note, retryWith]).toEqual(['next', 1, 'next', undefined])
    expect(twice(onException(0)(next)).retryWith).toBeUndefined()
  })

  test('F-17 refuses generator functions', () => {
    expect(() => twice(function* () {})).toThrow(/^target must not be a generator function/)
  })

  test('leaves a function alone that was not wrapped', () => {
    const same = (): void => {}
    expect(decorator((fn) => fn)(same)).toBe(same)
    expect(Object.getPrototypeOf(same)).toBe(Function.prototype)
  })
})

import { promisify } from 'node:util'
import { runInNewContext } from 'node:vm'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { onException, onExceptionSync } from './decorate.ts'
import { keep } from './keep.ts'

const quick = { sleep: () => {} }
const marked = <Fn extends Function, Marks>(fn: Fn, marks: Marks): Fn & Marks => Object.assign(fn, marks)

describe('F-14 a wrapper keeps what its target has', () => {
  const tag = Symbol('tag')

  test('own properties, by name and by symbol, also those that come later', () => {
    const load = marked(async () => 1, { route: '/', [tag]: 'x' }) as (() => Promise<number>) & { route: string; later?: number; [tag]: string }
    const retried = onException(0)(load)
    expect([retried.route, retried[tag]]).toEqual(['/', 'x'])
    load.later = 1
    expect(retried.later).toBe(1)
    expect(retried.retryWith({ maxTries: 2 }).route).toBe('/')
  })

  test('what is put on the wrapper stays its own', () => {
    const load = marked(async () => 1, { route: '/' })
    const retried = onException(0)(load)
    retried.route = '/users'
    expect([retried.route, load.route, retried.retryWith({}).route]).toEqual(['/users', '/', '/'])
  })

  test('read-only properties can be assigned too: of a frozen target, and through two wrappers', () => {
    const load = Object.freeze(marked(async () => 1, { route: '/' })) as { route: string } & (() => Promise<number>)
    for (const retried of [onException(0)(load), onException(0)(onException(1)(load))]) {
      retried.route = '/users'
      expect([retried.route, load.route]).toEqual(['/users', '/'])
      expect(Object.getOwnPropertyDescriptor(retried, 'route')).toMatchObject({ enumerable: true, configurable: true })
    }
  })

  test('what a wrapper has is not listed, unless the target lists it', () => {
    expect(Object.keys(keep(() => {}, marked(() => {}, { route: '/' })))).toEqual([])
    expect(Object.keys(keep(() => {}, Object.freeze(marked(() => {}, { route: '/' }))))).toEqual(['route'])
  })

  test('twice is once: what has become of a wrapper since stays, and a function is no wrapper of itself', () => {
    const load = (): void => {}
    const wrapper = keep(() => {}, load)
    Object.defineProperty(wrapper, 'name', { value: 'renamed' })
    expect(keep(wrapper, load).name).toBe('renamed')
    expect(keep(load, load)).toBe(load)
    expect(Object.hasOwn(load, 'retryWith')).toBe(false)
  })

  test('of what every function has, nothing is copied', () => {
    // A sloppy function has `arguments` and `caller`, which only another script can make here.
    for (const fn of [function () {}, Object.freeze(function () {}), Object.freeze(runInNewContext('(function () {})') as () => void)]) {
      expect(Object.getOwnPropertyNames(onException(0)(fn)).sort()).toEqual(['length', 'name', 'retryWith'])
    }
  })

  test('getters see the wrapper that was asked', () => {
    const load = Object.defineProperty(async () => 1, 'me', { get(this: unknown) { return this } }) as (() => Promise<number>) & { me: unknown }
    const retried = onException(0)(load)
    expect(retried.me).toBe(retried)
  })

  test('keeping once more what is kept already, or itself, changes nothing', () => {
    const load = marked(async () => 1, { route: '/' })
    const wrapper = keep(() => {}, load)
    Object.defineProperty(wrapper, 'name', { value: 'own' })
    expect([keep(wrapper, load), keep(load, load)]).toEqual([wrapper, load])
    expect(wrapper.name).toBe('own')
  })

  test('name and length can be as little assigned as those of any function', () => {
    const wrapper = keep(() => {}, async () => 1)
    for (const key of ['name', 'length']) expect(Object.getOwnPropertyDescriptor(wrapper, key)).toMatchObject({ writable: false, enumerable: false, configurable: true })
  })

  test('name and length, whatever they are', () => {
    const odd = Object.defineProperties((n: number) => n, { name: { value: 'odd' }, length: { value: 9 } })
    expect([onException(0)(odd).name, onException(0)(odd).length]).toEqual(['odd', 9])
    expect(onException(0)(odd.bind(undefined)).name).toBe('bound odd')
    expect(Object.getOwnPropertyDescriptor(onException(0)(odd), 'name')).toEqual({ value: 'odd', writable: false, enumerable: false, configurable: true })
  })

  test('it is a function like any other, and no constructor', () => {
    const retried = onExceptionSync(0)(function (this: { n: number } | void, add: number) { return (this?.n ?? 0) + add })
    expect(retried).toBeInstanceOf(Function)
    expect([retried.call({ n: 1 }, 1), retried.apply({ n: 2 }, [1]), retried.bind({ n: 3 })(1)]).toEqual([2, 3, 4])
    expect(() => new (retried as never as new () => unknown)()).toThrow(TypeError)
  })

  test('a target with a call and an apply of its own is still called itself', async () => {
    const load = marked(async (n: number) => n, { apply: () => 'apply', call: () => 'call' })
    expect(await onException(0)(load)(5)).toBe(5)
  })

  test('every wrapper has its own retryWith', async () => {
    const fn = vi.fn(async (): Promise<never> => {
      throw new Error('down')
    })
    const inner = onException(0, undefined, { ...quick, maxTries: 2 })(fn)
    const outer = onException(0, undefined, { ...quick, maxTries: 3 })(inner)
    await expect(outer()).rejects.toThrow('down')
    expect(fn).toHaveBeenCalledTimes(6)
    await expect(outer.retryWith({ maxTries: 1 })()).rejects.toThrow('down')
    expect(fn).toHaveBeenCalledTimes(8)
    expect(Object.hasOwn(outer, 'retryWith') && outer.retryWith !== inner.retryWith).toBe(true)
  })

  test('util.promisify is not led around it', async () => {
    const { custom } = promisify
    let runs = 0
    const load = Object.defineProperty((done: (error: unknown, value?: string) => void) => done(null, `run ${++runs}`), custom, { value: async () => 'around' })
    expect(await promisify(load)()).toBe('around')
    for (const retried of [onExceptionSync(0)(load), onExceptionSync(0)(load).retryWith({})]) {
      expect(Object.getOwnPropertyDescriptor(retried, custom)).toEqual({ value: undefined, writable: true, enumerable: false, configurable: true })
    }
    expect(await promisify(onExceptionSync(0)(load))()).toBe('run 1')
    const own = async (): Promise<string> => 'its own'
    expect(await promisify(keep(marked(() => {}, { [custom]: own }), load))()).toBe('its own')
  })

  test('a bound function, a proxy and a class with accessors will do', async () => {
    class Counter {
      #n = 0
      get n(): number {
        return this.#n
      }
      @onException(0, undefined, quick)
      async add(): Promise<number> {
        if (++this.#n < 3) throw new Error('down')
        return this.n
      }
    }
    expect(await new Counter().add()).toBe(3)
    const seen: unknown[] = []
    const proxy = new Proxy(async (n: number) => n + 1, { apply: (fn, that, args) => (seen.push(args), Reflect.apply(fn, that, args) as Promise<number>) })
    expect(await onException(0)(proxy)(1)).toBe(2)
    expect(seen).toEqual([[1]])
    expect(await onException(0)(new Counter().add.bind(new Counter()))()).toBe(3)
  })
})

describe('F-14 methods of a class', () => {
  const key = Symbol('key')
  class Base {
    runs = 0
    @onException(0, undefined, quick)
    async #secret(): Promise<number> {
      if (++this.runs < 3) throw new Error('down')
      return this.runs
    }
    @onException(0, undefined, quick)
    async [key](): Promise<number> {
      return this.#secret()
    }
    @onException(0, undefined, { ...quick, maxTries: 2 })
    @onException(0, undefined, { ...quick, maxTries: 2 })
    async twice(): Promise<number> {
      if (++this.runs < 4) throw new Error('down')
      return this.runs
    }
    @onException(0)
    async name(): Promise<string> {
      return 'base'
    }
  }
  class Derived extends Base {
    @onException(0, undefined, quick)
    override async name(): Promise<string> {
      return `derived of ${await super.name()}`
    }
  }

  test('private ones, symbols, and one inside another', async () => {
    expect(await new Base()[key]()).toBe(3)
    expect(Base.prototype[key].name).toBe('[key]')
    expect(await new Base().twice()).toBe(4)
  })

  test('inherited ones with super', async () => {
    expect(await new Derived().name()).toBe('derived of base')
  })
})

/** What `reflect-metadata` does, as far as it is asked here. */
const metadata = () => {
  const known = new WeakMap<object, Map<unknown, unknown>>()
  const own = (target: object): Map<unknown, unknown> => known.get(target) ?? new Map()
  return {
    defineMetadata: (key: unknown, value: unknown, target: object) => void known.set(target, own(target).set(key, value)),
    getOwnMetadata: (key: unknown, target: object) => own(target).get(key),
    getMetadata(key: unknown, target: object | null): unknown {
      return target ? (own(target).has(key) ? own(target).get(key) : this.getMetadata(key, Object.getPrototypeOf(target))) : undefined
    },
    getMetadataKeys(target: object | null): unknown[] {
      return target ? [...new Set([...own(target).keys(), ...this.getMetadataKeys(Object.getPrototypeOf(target))])] : []
    },
  }
}

describe('F-14 metadata', () => {
  afterEach(() => {
    for (const name of ['defineMetadata', 'getOwnMetadata', 'getMetadata', 'getMetadataKeys']) Reflect.deleteProperty(Reflect, name)
  })

  test('what is there becomes its own, what comes later is seen, what it is given stays with it', () => {
    const reflect = Object.assign(Reflect, metadata())
    const load = async (): Promise<number> => 1
    reflect.defineMetadata('guards', ['deny'], load)
    const outer = onException(0)(onException(1)(load))
    expect(reflect.getOwnMetadata('guards', outer)).toEqual(['deny'])
    reflect.defineMetadata('path', '/', load)
    expect([reflect.getMetadata('path', outer), reflect.getOwnMetadata('path', outer)]).toEqual(['/', undefined])
    reflect.defineMetadata('guards', ['allow'], outer)
    expect(reflect.getMetadata('guards', load)).toEqual(['deny'])
  })
})

import { describe, expect, test } from 'vitest'
import { onException, onExceptionSync, onPredicate, onPredicateSync } from './decorate.ts'
import type { Retried } from '../types.ts'

const quick = { sleep: () => {} }

class Service {
  attempts = 0

  @onException(0, TypeError, quick)
  async load(id: number): Promise<string> {
    if (++this.attempts < 3) throw new TypeError('down')
    return `loaded ${id}`
  }

  @onExceptionSync(0, [TypeError], quick)
  loadSync(id: number): string {
    if (++this.attempts < 3) throw new TypeError('down')
    return `loaded ${id}`
  }

  @onPredicate(0, quick)
  async poll(): Promise<boolean> {
    return ++this.attempts >= 3
  }

  @onPredicateSync(0, quick)
  pollSync(): boolean {
    return ++this.attempts >= 3
  }

  @onExceptionSync(0, TypeError, quick)
  static make(): Service {
    return new this()
  }
}

describe('as a legacy decorator', () => {
  test('a method is retried, with its own this', async () => {
    expect(await new Service().load(1)).toBe('loaded 1')
    expect(new Service().loadSync(2)).toBe('loaded 2')
    expect(await new Service().poll()).toBe(true)
    expect(new Service().pollSync()).toBe(true)
    expect(Service.make()).toBeInstanceOf(Service)
  })

  test('keeps name, length, place in the class, and has retryWith', async () => {
    expect([Service.prototype.load.name, Service.prototype.load.length]).toEqual(['load', 1])
    expect(Object.getOwnPropertyDescriptor(Service.prototype, 'load')).toMatchObject({ enumerable: false, writable: true, configurable: true })
    const service = new Service()
    await expect((service.load as Retried<Service['load']>).retryWith({ maxTries: 2 }).call(service, 1)).rejects.toThrow('down')
    expect(service.attempts).toBe(2)
  })

  test('a getter, a field and a parameter are refused with what to write instead', () => {
    const refused = (descriptor: unknown): (() => void) => () => (onException(0) as Function)({}, 'load', descriptor)
    expect(refused({ get: () => 1, configurable: true })).toThrow('target must be a function or a method; got a getter: move what it does into a method, and decorate that')
    for (const field of [undefined, { initializer: () => 1 }, { value: 5 }]) {
      expect(refused(field)).toThrow('target must be a function or a method; got a field: write "load = onException(…)(async () => …)" instead')
    }
    expect(refused(0)).toThrow('target must be a function or a method; got a parameter: ')
  })
})

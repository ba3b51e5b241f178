// Compiled with TC39 decorators and with `experimentalDecorators`.
import { constant, type Decorator, onException, onExceptionSync, onPredicate, type Retried } from '@backon/core'
import { onHedge } from '@backon/hedge'

export class Users {
  @onException(constant(1), Error)
  async get(id: number): Promise<string> {
    return String(id)
  }

  @onPredicate(constant(1), { maxTries: 2 })
  static async find(): Promise<string[]> {
    return []
  }

  @onExceptionSync(0)
  parse(text: string): unknown {
    return JSON.parse(text)
  }

  @onHedge({ wait: 10 })
  async read(id: number): Promise<string> {
    return this.get(id)
  }

  @onException(0)
  async generic<T>(value: T, times: number): Promise<T[]> {
    return Array.from({ length: times }, () => value)
  }

  overloaded(id: number): Promise<string>
  overloaded(ids: readonly number[], limit: number): Promise<string[]>
  @onException(0)
  async overloaded(ids: number | readonly number[], _limit?: number): Promise<string | string[]> {
    return typeof ids === 'number' ? String(ids) : ids.map(String)
  }

  @onException(0)
  async bound(this: Users, id: number): Promise<string> {
    return this.get(id)
  }

  @onException(0)
  async chained(): Promise<this> {
    return this
  }

  @onException(0)
  @onPredicate(0, { maxTries: 2 })
  async twice(): Promise<number> {
    return 1
  }

  @onException(0, undefined, { raiseOnGiveup: false })
  async maybe(): Promise<number | undefined> {
    return 1
  }

  @onExceptionSync(0)
  identity<T>(value: T): T {
    return value
  }
}

export class Derived extends Users {
  @onException(0)
  override async get(id: number): Promise<string> {
    return super.get(id)
  }
}

const name: Promise<string> = new Users().get(1)
const numbers: Promise<number[]> = new Users().generic(5, 2)
const one: Promise<string> = new Users().overloaded(1)
const many: Promise<string[]> = new Users().overloaded([1], 2)
const same: number = new Users().identity(5)
const again: Promise<string> = (new Users().get as Retried<Users['get']>).retryWith({ maxTries: 2 }).call(new Users(), 1)
const shared: Decorator = onException(constant(5), [TypeError, RangeError])
export class Others {
  @shared async first(): Promise<number> {
    return 1
  }
  @shared async second(): Promise<string> {
    return ''
  }
}
// @ts-expect-error
new Users().get('1')
// @ts-expect-error
new Users().overloaded('1')
// @ts-expect-error
const wrong: Promise<string[]> = new Users().generic(5, 2)

export class Wrong {
  // @ts-expect-error a promise is no number
  @onException(0)
  synchronous(): number {
    return 1
  }

  // @ts-expect-error a promise cannot be waited for
  @onExceptionSync(0)
  async asynchronous(): Promise<number> {
    return 1
  }

  // @ts-expect-error giving up gives undefined
  @onException(0, undefined, { raiseOnGiveup: false })
  async maybe(): Promise<number> {
    return 1
  }

  // @ts-expect-error a field is no method
  @onException(0)
  field = async (): Promise<number> => 1

  // @ts-expect-error a getter is no method
  @onException(0)
  get got(): number {
    return 1
  }
}
// @ts-expect-error a class is no method
@onException(0)
export class Whole {}
export { again, many, name, numbers, one, same, wrong }

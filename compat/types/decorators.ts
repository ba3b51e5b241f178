// Compiled with TC39 decorators and with `experimentalDecorators`.
import { constant, onException, onExceptionSync, onPredicate } from '@backon/core'
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
}

const name: Promise<string> = new Users().get(1)
// @ts-expect-error
new Users().get('1')
export { name }

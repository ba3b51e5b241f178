// Compiled twice: as TC39 decorators, and with `experimentalDecorators`. Both must give the same program.
import { constant, onException } from '@backon/core'

class Users {
  calls = 0

  @onException(constant(1), Error)
  async get(name: string): Promise<string> {
    this.calls += 1
    if (this.calls < 3) throw new Error('down')
    return `${name} after ${this.calls}`
  }
}

export const decorated = async (): Promise<unknown[]> => {
  const users = new Users()
  return [await users.get('up'), users.get.name, users.get.length]
}

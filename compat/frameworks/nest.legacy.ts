import 'reflect-metadata'
import { constant, onException, timeout } from '@backon/core'
import { Injectable } from '@nestjs/common'

// recipe: a NestJS service, with `experimentalDecorators` and `emitDecoratorMetadata` as NestJS wants them.
class Busy extends Error {}

@Injectable()
export class Rates {
  requests = 0

  @onException(constant(10), Busy, { maxTries: 5, use: [timeout(1_000)] })
  async current(currency: string): Promise<number> {
    this.requests += 1
    if (this.requests < 3) throw new Busy(`${currency}: not yet`)
    return 1.25
  }
}
// end

const rates = new Rates()
console.log(await rates.current('EUR'), rates.requests, 'requests', Reflect.getMetadata('design:returntype', Rates.prototype, 'current').name)
// prints: 1.25 3 requests Promise

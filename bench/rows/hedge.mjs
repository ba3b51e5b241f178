import { load } from '../packages.mjs'
import { loop, ok } from './loop.mjs'

export const title = 'Hedge, armed, the first copy answers before the delay'
export const group = 'hedge'
export const baseline = () => () => loop(ok)

export const rows = [
  {
    name: 'backon: hedge alone',
    async make() {
      const { hedge } = await load('hedge')
      const options = { wait: 1_000, maxHedge: 2 }
      return () => hedge(ok, options)
    },
  },
  {
    name: 'backon: retry + hedge',
    target: 4,
    async make() {
      const { hedging } = await load('hedge')
      const { onException } = await load('core')
      return onException(0, Error, { maxTries: 3, use: [hedging({ wait: 1_000, maxHedge: 2 })] })(ok)
    },
  },
  {
    name: 'backon: retry + hedge, learned delay',
    async make() {
      const { hedging, latencyPercentile } = await load('hedge')
      const { onException } = await load('core')
      const wait = latencyPercentile(95, { fallback: 1_000 })
      return onException(0, Error, { maxTries: 3, use: [hedging({ wait, maxHedge: 2 })] })(ok)
    },
  },
  {
    name: 'backon: retry + breaker + hedge',
    async make() {
      const { CircuitBreaker } = await load('breaker')
      const { hedging } = await load('hedge')
      const { onException } = await load('core')
      const use = [new CircuitBreaker({ failureThreshold: 5 }), hedging({ wait: 1_000, maxHedge: 2 })]
      return onException(0, Error, { maxTries: 3, use })(ok)
    },
  },
]

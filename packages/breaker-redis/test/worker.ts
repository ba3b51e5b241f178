// A process of a fleet, driven by messages: what it is told to do it does, and says so. Ends with whoever started it.
import { CircuitBreaker } from '@backon/breaker'
import { shareBreaker } from '../src/share.ts'
import { connect, type kinds } from './clients.ts'

interface Setup {
  kind: (typeof kinds)[number]
  port: number
  service: string
  breaker: object
  share?: object
  listens?: boolean
  /** How far its wall clock is off, in ms. */
  skew?: number
}

const { kind, port, service, breaker: options, share, listens, skew = 0 }: Setup = JSON.parse(process.argv[2]!)
const wall = Date.now
Date.now = () => wall() + skew

const breaker = new CircuitBreaker(options)
const { client, subscribe } = await connect(kind, port)
let out = 0
/** Counts what is out, so that a test can wait for it. */
const counted = async (work: PromiseLike<unknown>): Promise<unknown> => {
  out++
  try {
    return await work
  } finally {
    out--
  }
}
const shared = share
  ? shareBreaker(breaker, {
      client: { eval: (...given) => counted(client.eval(...given)), evalsha: (...given) => counted(client.evalsha!(...given)) },
      key: 'fleet',
      ...share,
      subscribe: listens ? subscribe : undefined,
    })
  : breaker

const load = async (): Promise<string> => {
  const response = await fetch(service)
  if (!response.ok) throw new Error(`status ${response.status}`)
  return response.text()
}
const acts: Record<string, () => unknown> = {
  call: () => shared.call(load).catch((error: Error) => error.name),
  state: () => breaker.state,
  async ripe() {
    while (breaker.retryAfter > 0) await new Promise((resolve) => setTimeout(resolve, breaker.retryAfter))
  },
}
const quiet = async (): Promise<void> => {
  do await new Promise((resolve) => setImmediate(resolve))
  while (out > 0)
}

process.on('disconnect', () => process.exit())
const answer = async ({ id, act, waits }: { id: number; act: string; waits?: boolean }): Promise<void> => {
  const result = await acts[act]!()
  if (waits) await quiet()
  process.send!({ id, result })
}
process.on('message', (message: any) => void answer(message))
process.send!('ready')

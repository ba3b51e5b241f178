import type { RedisClient } from '../src/client.ts'

interface Hash {
  g?: string
  /** Open until; absent: closed. */
  u?: number | undefined
  /** End of the lease that is out, and its token. */
  l?: number
  t?: string
  n: number
  votes: Map<string, number>
  /** When the key expires. */
  expires: number
}

export type Reply = [generation: string, open: number, lease: number, token: string]

/** What the script does, told once more in TypeScript, from the specification and not from the script. `now` is in ms, with µs as decimals. */
export class VirtualRedis {
  keys = new Map<string, Hash>()
  now: () => number
  /** Requests that have arrived. */
  requests: string[] = []
  /** What the server does with a request. */
  state: 'up' | 'down' | 'frozen' | 'nonsense' = 'up'
  listeners = new Set<(channel: string, message: string) => void>()
  waiting: (() => void)[] = []

  constructor(now: () => number) {
    this.now = now
  }

  /** A connection to it. */
  client(): RedisClient {
    return {
      eval: async (_script, [key], args) => {
        this.requests.push(args[0]!)
        await Promise.resolve()
        if (this.state === 'frozen') await new Promise<void>((resolve) => this.waiting.push(resolve))
        if (this.state === 'down') throw new Error('ECONNREFUSED')
        return this.state === 'nonsense' ? 'OK' : this.run(key!, args)
      },
    }
  }

  thaw(state: 'up' | 'down' = 'up'): void {
    this.state = state
    for (const resolve of this.waiting.splice(0)) resolve()
  }

  run(key: string, [act, seen, openFor, leaseFor, token, id, agree]: string[]): Reply {
    const now = Math.floor(this.now())
    let hash = this.keys.get(key)
    if (hash && hash.expires <= this.now()) {
      this.keys.delete(key)
      hash = undefined
    }
    const isForced = seen === '*'
    const mayAct = isForced || hash?.g === undefined || hash.g === seen
    const isLeased = (hash?.l ?? 0) > now
    let granted = ''

    const store = (changes: Partial<Hash>, end: number): void => {
      hash = { n: 0, votes: new Map(), ...hash, ...changes, expires: now + (end - now) + Number(leaseFor) + 3_600_000 }
      this.keys.set(key, hash)
    }
    const turn = (until: number | undefined): void => {
      const generation = Math.max(Math.floor(this.now() * 1_000), Number(hash?.g ?? 0) + 1)
      const openings = until === undefined ? 0 : (hash?.n ?? 0) + 1
      hash = undefined
      store({ g: String(generation), u: until, n: openings }, until ?? now)
      for (const listener of this.listeners) listener(key, String(generation))
    }

    if (act === 'o' && mayAct) {
      const end = now + Number(openFor)
      if (hash?.u !== undefined) {
        if (isForced || end > hash.u) turn(end)
      } else {
        const votes = new Map(hash?.votes).set(id!, end)
        const live = [...votes.values()].filter((expiry) => expiry > now)
        const last = Math.max(end, ...live)
        if (isForced || live.length >= Number(agree)) turn(last)
        else store({ votes }, last)
      }
    }
    if (act === 'l') {
      const isFree = !isLeased || hash!.t!.includes(id!)
      const isRipe = hash?.u === undefined ? mayAct : hash.u <= now
      if (isFree && isRipe) {
        const [seconds, micros] = time(this.now())
        granted = `${id}${seconds}${micros}`
        store({ l: now + Number(leaseFor), t: granted, n: (hash?.n ?? 0) + (hash?.t === undefined ? 0 : 1) }, now + Number(leaseFor))
      }
    }
    if (act === 'c' && (isForced || (hash?.t !== undefined && hash.t === token))) turn(undefined)
    return [hash?.g ?? '', hash?.u === undefined ? -1 : Math.max(hash.u - now, 0), Math.max((hash?.l ?? 0) - now, 0), granted]
  }
}

/** As Redis answers `TIME`: seconds, and µs of the second. */
export const time = (ms: number): [string, string] => {
  const micros = Math.floor(ms * 1_000)
  return [String(Math.floor(micros / 1e6)), String(micros % 1e6)]
}

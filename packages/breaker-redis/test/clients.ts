import { Redis } from 'ioredis'
import { createClient } from 'redis'
import type { RedisClient } from '../src/client.ts'
import type { ShareOptions } from '../src/options.ts'

/** What a test needs of a client beside what is shared: as the README shows it, and how to end it. */
export interface Connected {
  readonly client: RedisClient
  readonly subscribe: NonNullable<ShareOptions['subscribe']>
  readonly command: (...words: string[]) => Promise<unknown>
  readonly close: () => void
}

const ioredis = (port: number): Connected => {
  const redis = new Redis(port)
  const subscriber = new Redis(port)
  for (const one of [redis, subscriber]) one.on('error', () => {})
  return {
    client: {
      eval: (script, keys, args) => redis.eval(script, keys.length, ...keys, ...args),
      evalsha: (sha, keys, args) => redis.evalsha(sha, keys.length, ...keys, ...args),
    },
    subscribe: (channel, onMessage) => {
      subscriber.on('message', (_channel, message: string) => onMessage(message)).on('ready', () => onMessage())
      subscriber.subscribe(channel).catch(() => {})
      return () => subscriber.disconnect()
    },
    command: (name, ...words) => redis.call(name!, ...words),
    close: () => [redis, subscriber].forEach((one) => one.disconnect()),
  }
}

const nodeRedis = async (port: number): Promise<Connected> => {
  const redis = createClient({ socket: { host: '127.0.0.1', port } })
  const subscriber = redis.duplicate()
  for (const one of [redis, subscriber]) {
    one.on('error', () => {})
    await one.connect()
  }
  return {
    client: {
      eval: (script, keys, args) => redis.eval(script, { keys, arguments: args }),
      evalsha: (sha, keys, args) => redis.evalSha(sha, { keys, arguments: args }),
    },
    subscribe: (channel, onMessage) => {
      subscriber.on('ready', () => onMessage())
      subscriber.subscribe(channel, (message) => onMessage(message)).catch(() => {})
      return () => void subscriber.unsubscribe(channel).catch(() => {})
    },
    command: (...words) => redis.sendCommand(words),
    close: () => [redis, subscriber].forEach((one) => one.destroy()),
  }
}

export const kinds = ['ioredis', 'node-redis'] as const

/** Connects as the README says. */
export const connect = async (kind: (typeof kinds)[number], port: number): Promise<Connected> => (kind === 'ioredis' ? ioredis(port) : nodeRedis(port))

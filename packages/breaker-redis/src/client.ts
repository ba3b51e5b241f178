import { sha, script } from './script.ts'

/**
 * What is needed of a client of Redis or Valkey: to run a script. The README has the adapter of each client, one line long; Upstash's is of this
 * shape itself. All arguments are strings.
 *
 * @example
 * const client: RedisClient = {
 *   eval: (script, keys, args) => redis.eval(script, keys.length, ...keys, ...args), // ioredis
 * }
 */
export interface RedisClient {
  /** `EVAL`: runs a script. */
  eval(script: string, keys: string[], args: string[]): PromiseLike<unknown>
  /** `EVALSHA`: runs one that the server has run before, by its SHA-1. Saves 1.2 kB a request; where the server does not know it, `eval` is used. */
  evalsha?(sha: string, keys: string[], args: string[]): PromiseLike<unknown>
}

/** How the circuit stands for all: its generation, ms it stays open (-1: closed), ms of the lease that is out, the token granted by this very request. */
export type View = readonly [generation: string, open: number, lease: number, token: string]

/** Runs the script; throws what the client throws, and a TypeError for an answer that is none. */
export const request = async (client: RedisClient, key: string, args: string[]): Promise<View> => {
  let reply: any
  try {
    reply = await client[client.evalsha ? 'evalsha' : 'eval']!(client.evalsha ? sha : script, [key], args)
  } catch (error) {
    if (!/NOSCRIPT/.test(error as string)) throw error
    reply = await client.eval(script, [key], args)
  }
  if (!(reply?.[1] >= -1 && reply[2] >= 0)) throw new TypeError(`the store answered ${String(reply)}`)
  return [`${reply[0]}`, +reply[1], +reply[2], `${reply[3]}`]
}

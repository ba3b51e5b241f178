import { connect } from 'node:net'
import type { RedisClient } from '@backon/breaker-redis'

/**
 * All that `shareBreaker` needs of a client, without a dependency: scripts in, answers out, one connection. A service takes the client it has;
 * the README of @backon/breaker-redis has the five lines for each.
 */
export const redisClient = (port: number): RedisClient & { close(): void } => {
  const socket = connect(port, '127.0.0.1').setNoDelay().unref()
  const waiting: { resolve: (value: unknown) => void; reject: (error: Error) => void }[] = []
  let received = ''
  const end = (error: Error = new Error('the connection is closed')): void => {
    for (const { reject } of waiting.splice(0)) reject(error)
  }
  socket.setEncoding('utf8').on('error', end).on('close', () => end())
  socket.on('data', (text: unknown) => {
    received += text as string
    for (let answer = parse(received); answer; answer = parse(received)) {
      received = received.slice(answer.length)
      const { resolve, reject } = waiting.shift()!
      if (answer.value instanceof Error) reject(answer.value)
      else resolve(answer.value)
    }
  })
  const send = (...words: string[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (socket.destroyed) return reject(new Error('the connection is closed'))
      waiting.push({ resolve, reject })
      socket.write(`*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`)
    })
  const run = (command: string) => (script: string, keys: string[], args: string[]) => send(command, script, String(keys.length), ...keys, ...args)
  return { eval: run('EVAL'), evalsha: run('EVALSHA'), close: () => void socket.destroy() }
}

interface Parsed {
  readonly value: unknown
  readonly length: number
}

/** Reads one answer of the protocol, https://redis.io/docs/latest/develop/reference/protocol-spec/; `undefined` until all of it is there. */
const parse = (text: string, at = 0): Parsed | undefined => {
  const end = text.indexOf('\r\n', at)
  if (end < 0) return undefined
  const kind = text[at]
  const line = text.slice(at + 1, end)
  let length = end + 2 - at
  if (kind === '-') return { value: new Error(line), length }
  if (kind === ':') return { value: Number(line), length }
  if (kind === '$' && line !== '-1') {
    const value = text.slice(end + 2, end + 2 + Number(line))
    return text.length < end + 4 + Number(line) ? undefined : { value, length: length + Number(line) + 2 }
  }
  if (kind !== '*') return { value: line, length }
  const value: unknown[] = []
  for (let i = 0; i < Number(line); i++) {
    const item = parse(text, at + length)
    if (!item) return undefined
    value.push(item.value)
    length += item.length
  }
  return { value, length }
}

import { createHash } from 'node:crypto'
import { Redis } from 'ioredis'
import { describe, expect, test } from 'vitest'
import { redisProgram, startRedis } from '../test/redis-server.ts'
import { time, VirtualRedis } from '../test/virtual-redis.ts'
import { script, sha } from './script.ts'

const program = redisProgram()

test('the SHA-1 is that of the script', () => {
  expect(createHash('sha1').update(script).digest('hex')).toBe(sha)
})

/** A small generator of pseudo-random numbers (mulberry32), so that a run can be told by its seed. */
const generator = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}

describe.skipIf(!program)('on a real server', () => {
  test('answers and keeps the same as what is told of it in TypeScript, step by step, over 4,000 random acts', async () => {
    await using server = await startRedis(program!)
    const redis = new Redis(server.port, { retryStrategy: null })
    // The one thing that has to be replaced: the server's clock.
    const timed = script.replace("c('TIME')", '{ARGV[8],ARGV[9]}')
    expect(timed).not.toBe(script)
    const random = generator(20_260_101)
    const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)]!
    let now = 1_750_000_000_000
    const virtual = new VirtualRedis(() => now)
    const tokens = ['', 'never granted']
    const generations = ['', '*', '1']
    const ids = ['process-a', 'process-b', 'process-c']
    const acts = new Set<string>()
    for (let step = 0; step < 4_000; step++) {
      now += pick([0, 0.001, 1, 40, 100, 1_000, -20])
      if (random() < 0.01) now += 5_000_000
      const entry = virtual.keys.get('k')
      if (entry && entry.expires <= now) await redis.del('k')
      const latest = random() < 0.7 ? generations.at(-1)! : pick(generations.slice(-4))
      const seen = random() < 0.02 ? '*' : latest === '*' ? '' : latest
      const args = [pick(['p', 'o', 'o', 'l', 'l', 'l', 'c', 'c']), seen, pick(['0', '50', '200', '1000']), pick(['100', '300']), random() < 0.8 ? tokens.at(-1)! : pick(tokens), pick(ids), pick(['1', '1', '2', '3'])]
      const real = (await redis.eval(timed, 1, 'k', ...args, ...time(now))) as unknown[]
      const told = virtual.run('k', args)
      expect(real, `step ${step}: ${args.join(' ')}`).toEqual(told)
      const kept = await redis.hgetall('k')
      const hash = virtual.keys.get('k')
      expect([kept['g'], kept['n'] ?? '0', kept['t']], `step ${step}`).toEqual([hash?.g, String(hash?.n ?? 0), hash?.t])
      if (hash && hash.expires !== entry?.expires) {
        const left = await redis.pttl('k')
        // The server has counted down since: by how much is its own affair.
        expect([left <= Math.ceil(hash.expires - Math.floor(now)), left > hash.expires - now - 30_000], `step ${step}`).toEqual([true, true])
      }
      acts.add(`${args[0]} ${told[3] ? 'granted' : ''} ${told[0] !== generations.at(-1) ? 'turned' : ''}`)
      if (told[3]) tokens.push(told[3])
      if (told[0] !== generations.at(-1)) generations.push(told[0])
    }
    expect(generations.length).toBeGreaterThan(300)
    expect([...acts].filter((act) => /^(l granted|o  turned|c  turned)/.test(act)).length).toBeGreaterThan(2)
    redis.disconnect()
  }, 60_000)

  test('200 concurrent probes over 8 connections: exactly 1 is admitted', async () => {
    await using server = await startRedis(program!)
    const connections = Array.from({ length: 8 }, () => new Redis(server.port, { retryStrategy: null }))
    const ask = (i: number, act: string, ms: number, seen = ''): Promise<[string, number, number, string]> =>
      connections[i % 8]!.eval(script, 1, 'k', act, seen, String(ms), '60000', '', `process ${i}`, '1') as Promise<any>
    const [generation] = await ask(0, 'o', 0)
    const answers = await Promise.all(Array.from({ length: 200 }, (_, i) => ask(i, 'l', 0, generation)))
    expect(answers.filter(([, , , token]) => token).length).toBe(1)
    // Where nothing is known, a restart has emptied it, the same holds.
    await connections[0]!.flushall()
    const again = await Promise.all(Array.from({ length: 200 }, (_, i) => ask(i, 'l', 0, generation)))
    expect(again.filter(([, , , token]) => token).length).toBe(1)
    for (const connection of connections) connection.disconnect()
  }, 30_000)

  test('the time to live is never shorter than the open time and a lease', async () => {
    await using server = await startRedis(program!)
    const redis = new Redis(server.port, { retryStrategy: null })
    await redis.eval(script, 1, 'k', 'o', '', '86400000', '120000', '', 'a', '1')
    expect(await redis.pttl('k')).toBeGreaterThan(86_400_000 + 120_000)
    await redis.eval(script, 1, 'k', 'o', '*', '1000000000000000', '120000', '', 'a', '1')
    expect(await redis.pttl('k')).toBeGreaterThan(999_999_999_999_999)
    redis.disconnect()
  }, 30_000)
})

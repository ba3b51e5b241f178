import { CircuitBreaker } from '@backon/breaker'
import { Cluster, Redis } from 'ioredis'
import { describe, expect, test, vi } from 'vitest'
import { connect, kinds } from '../test/clients.ts'
import { redisProgram, startRedis } from '../test/redis-server.ts'
import type { RedisClient } from './client.ts'
import type { ShareOptions } from './options.ts'
import { shareBreaker } from './share.ts'

const program = redisProgram()

const fail = async (): Promise<never> => {
  throw new Error('down')
}
const ok = async (): Promise<string> => 'ok'

/** Asks again until it is so, for what another process brings about; gives up after 10 s. */
const until = async (done: () => unknown): Promise<void> => {
  for (const end = Date.now() + 10_000; !(await done()); await new Promise((resolve) => setTimeout(resolve, 5))) {
    if (Date.now() > end) throw new Error(`waited in vain for ${String(done)}`)
  }
}

/** A breaker that shares, and how many requests to the store are out, now and at most. */
const member = (client: RedisClient, options: Partial<ShareOptions> = {}, recoveryTimeout = 60_000) => {
  const count = { out: 0, most: 0, all: 0 }
  const counted = async (work: PromiseLike<unknown>): Promise<unknown> => {
    count.all++
    count.most = Math.max(count.most, ++count.out)
    try {
      return await work
    } finally {
      count.out--
    }
  }
  const breaker = new CircuitBreaker({ failureThreshold: 1, recoveryTimeout, name: 'users' })
  const counting: RedisClient = { eval: (...given) => counted(client.eval(...given)) }
  if (client.evalsha) counting.evalsha = (...given) => counted(client.evalsha!(...given))
  const shared = shareBreaker(breaker, { client: counting, key: 'users', refresh: 0, timeout: 20_000, ...options })
  return {
    breaker,
    count,
    shared,
    /** Makes a call, and waits until the store has been told and asked. */
    async call(fn: () => Promise<unknown> = ok) {
      const outcome = await shared.call(fn).catch((error: Error) => (error.name === 'Error' ? error.message : error.name))
      await until(() => count.out === 0)
      return outcome
    },
  }
}

describe.skipIf(!program).each(kinds)('%s and a real Redis', { timeout: 60_000 }, (kind) => {
  test('opens, probes and closes together; the script is sent once, and again when the server has forgotten it', async () => {
    await using server = await startRedis(program!)
    const connected = await connect(kind, server.port)
    const scripts = vi.spyOn(connected.client, 'eval')
    const [a, b] = [member(connected.client, {}, 1_000), member(connected.client)]
    await connected.command('PING')
    await a.call(fail)
    await b.call()
    expect([a.breaker.state, b.breaker.state, scripts.mock.calls.length]).toEqual(['open', 'open', 1])
    await connected.command('SCRIPT', 'FLUSH')
    await until(() => a.breaker.retryAfter === 0)
    expect([await a.call(), a.breaker.state, scripts.mock.calls.length]).toEqual(['ok', 'closed', 2])
    await b.call()
    expect(b.breaker.state).toBe('closed')
    connected.close()
  })

  test('RT-51 frozen, killed, restarted empty, paused: no call waits for it, none is lost, one request is out, and it is heard again afterwards', async () => {
    await using server = await startRedis(program!)
    const [one, two] = [await connect(kind, server.port), await connect(kind, server.port)]
    const errors: unknown[] = []
    const a = member(one.client, { timeout: 50, onStoreError: ({ error }) => void errors.push(error) }, 100)
    const b = member(two.client, { timeout: 50 }, 100)
    const round = async (): Promise<void> => {
      // Would one of these wait for the store, it would wait until the test is over.
      expect(await a.shared.call(ok)).toBe('ok')
      await expect(a.shared.call(fail)).rejects.toThrow('down')
      await expect(a.shared.call(ok)).rejects.toThrow('is open')
      await until(() => a.breaker.retryAfter === 0)
      expect(await a.shared.call(ok)).toBe('ok')
    }
    const isHeard = async (): Promise<void> => {
      await until(() => a.shared.isolate({ everywhere: true }))
      await until(async () => (await b.call()) === 'CircuitOpenError')
      await until(() => a.shared.reset({ everywhere: true }))
      await until(async () => (await b.call()) === 'ok')
    }
    await isHeard()
    server.freeze()
    for (let i = 0; i < 3; i++) await round()
    server.thaw()
    await isHeard()
    await two.command('CLIENT', 'PAUSE', '1000')
    await round()
    await isHeard()
    await server.kill()
    for (let i = 0; i < 3; i++) await round()
    await server.restart()
    await isHeard()
    expect(a.count.most).toBe(1)
    expect(errors.length).toBeGreaterThan(1)
    one.close()
    two.close()
  })

  test('full: what is known can be read, turns are still told, and where a lease cannot be kept the breaker decides alone', async () => {
    await using server = await startRedis(program!)
    const connected = await connect(kind, server.port)
    const errors: string[] = []
    const [a, b] = [member(connected.client, { onStoreError: ({ error }) => void errors.push((error as Error).message) }, 1_000), member(connected.client)]
    await connected.command('PING')
    await connected.command('CONFIG', 'SET', 'maxmemory', '1')
    expect([await a.call(fail), a.breaker.state, errors.length]).toEqual(['down', 'open', 0])
    await until(() => a.breaker.retryAfter === 0)
    expect([await a.call(), a.breaker.state]).toEqual(['ok', 'closed'])
    expect(errors.join()).toContain('OOM')
    await b.call()
    expect(b.breaker.state).toBe('open')
    connected.close()
  })

  test('without the right to publish, all the rest goes', async () => {
    await using server = await startRedis(program!)
    const connected = await connect(kind, server.port)
    await connected.command('ACL', 'SETUSER', 'default', 'resetchannels')
    const [a, b] = [member(connected.client), member(connected.client)]
    await a.call(fail)
    await b.call()
    expect(b.breaker.state).toBe('open')
    connected.close()
  })
})

describe.skipIf(!program)('more than one server', { timeout: 60_000 }, () => {
  const adapt = (redis: Redis | Cluster): RedisClient => ({
    eval: (script, keys, args) => redis.eval(script, keys.length, ...keys, ...args),
    evalsha: (sha, keys, args) => redis.evalsha(sha, keys.length, ...keys, ...args),
  })

  test('a cluster: one key, so one node', async () => {
    await using server = await startRedis(program!, '--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1')
    const node = new Redis(server.port)
    await node.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
    await until(async () => String(await node.call('CLUSTER', 'INFO')).includes('cluster_state:ok'))
    const cluster = new Cluster([{ host: '127.0.0.1', port: server.port }])
    const [a, b] = [member(adapt(cluster), {}, 1_000), member(adapt(cluster))]
    await cluster.ping()
    await a.call(fail)
    await b.call()
    expect(b.breaker.state).toBe('open')
    await until(() => a.breaker.retryAfter === 0)
    expect(await a.call()).toBe('ok')
    await b.call()
    expect(b.breaker.state).toBe('closed')
    cluster.disconnect()
    node.disconnect()
  })

  test('a failover: what the replica has is what is known, generations go on; a replica that is none yet is a store that fails', async () => {
    await using primary = await startRedis(program!)
    await using replica = await startRedis(program!, '--replicaof', `127.0.0.1 ${primary.port}`)
    const [first, second] = [new Redis(primary.port), new Redis(replica.port)]
    first.on('error', () => {})
    await until(async () => (await first.wait(1, 100)) === 1)
    let redis = first
    const client: RedisClient = { eval: (script, keys, args) => redis.eval(script, keys.length, ...keys, ...args) }
    const errors: string[] = []
    const [a, b] = [member(client, {}, 1_000), member(client, { onStoreError: ({ error }) => void errors.push((error as Error).message) })]
    await a.call(fail)
    await until(async () => (await first.wait(1, 100)) === 1)
    await primary.kill()
    redis = second
    // It can be read …
    await b.call()
    expect(b.breaker.state).toBe('open')
    await until(() => a.breaker.retryAfter === 0)
    // … and not written: the breaker decides alone.
    expect([await a.call(), a.breaker.state]).toEqual(['ok', 'closed'])
    const generation = await second.hget('backon:users', 'g')
    await second.replicaof('NO', 'ONE')
    await a.call(fail)
    expect(Number(await second.hget('backon:users', 'g'))).toBeGreaterThan(Number(generation))
    expect(errors).toEqual([])
    first.disconnect()
    second.disconnect()
  })
})


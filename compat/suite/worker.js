// For workerd, bundled by esbuild.
import { limit } from '@backon/limit'
import { decorated } from '../.work/suite/decorated.js'
import { decorated as legacy } from '../.work/suite/legacy.js'
import * as using from '../.work/suite/using.js'
import * as packages from './packages.js'
import required from './required.cjs'
import { run } from './run.js'

/** Shared by all requests, as in a worker of a user. */
const rate = limit({ rate: { calls: 1, per: 300 }, queue: 10 })
const one = limit({ concurrency: 1, queue: 10, maxHold: 300 })
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

const routes = {
  '/': async ({ SERVER: server, COMPAT: hasProcess }) =>
    Response.json({ results: await run({ ...packages, required, decorated, legacy, using, server, hasProcess, sendsStreams: true, blocks: false, leftBehind: [] }) }),
  // Starts one call and lets a second one wait, then answers: this request's timers are gone with it.
  '/rate/leave': async () => {
    await rate.call(() => 1)
    rate.call(() => 1).catch(() => {})
    await pause(10)
    return new Response('left')
  },
  '/rate/next': async () => new Response(await rate.call(() => 'its turn')),
  '/slot/leave': async () => {
    one.call(() => pause(60_000)).catch(() => {})
    await pause(10)
    return new Response('left')
  },
  '/slot/next': async () => {
    await pause(350)
    return new Response(await one.call(() => 'its turn'))
  },
}

export default {
  fetch: (request, env) => routes[new URL(request.url).pathname](env),
}

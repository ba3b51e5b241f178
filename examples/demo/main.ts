// The main job on real input: a real HTTP server on 127.0.0.1 that misbehaves, and fetch through retry, a circuit breaker
// and a hedge. `npm run demo`
import { use } from '@backon/core'
import { breakerScene } from './breaking.ts'
import { hedgeScene } from './hedged.ts'
import { retryScene } from './retrying.ts'
import { startServer } from './server.ts'
import { paint, timeline } from './timeline.ts'

await using server = await startServer()
const watcher = timeline()
using _ = use(watcher)

watcher.say(`\nA server that misbehaves is at ${server.url}\n`)
watcher.say(paint.dim('  began  call      try  outcome                   took  what next'))
for (const scene of [retryScene, breakerScene, hedgeScene]) {
  watcher.say()
  await scene(server, watcher)
}

const { calls, attempts, slept, succeeded, givenUp, refused, copies } = watcher
watcher.say(`
${paint.bold('calls')} ${calls}  ${paint.bold('attempts')} ${attempts}  ${paint.bold('slept')} ${(slept / 1000).toFixed(2)} s  ${paint.bold('succeeded')} ${succeeded}  ${paint.bold('given up')} ${givenUp}
requests seen by the server: ${server.requests} (${attempts} attempts, ${refused} refused, ${copies} further copy)
`)

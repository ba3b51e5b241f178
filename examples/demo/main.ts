// The main job on real input: a real HTTP server on 127.0.0.1 that misbehaves, and fetch through retry, a circuit breaker
// and a hedge. `npm run demo`
import { use } from '@backon/core'
import { breakerScene } from './breaking.ts'
import { fetchScene } from './calling.ts'
import { hedgeScene } from './hedged.ts'
import { startServer } from './server.ts'
import { paint, timeline } from './timeline.ts'

// Whoever reads has seen enough: `npm run demo | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))

await using server = await startServer()
const watcher = timeline()
using _ = use(watcher)

watcher.say(`\nA server that misbehaves is at ${server.url}\n`)
watcher.say(paint.dim('     at  call      try  outcome                   took  what next'))
const saved: string[] = []
for (const scene of [fetchScene, breakerScene, hedgeScene]) {
  watcher.say()
  saved.push(await scene(server, watcher))
}

watcher.say(`\n${paint.bold('What it saved')}`)
for (const line of saved) watcher.say(`  ${line}`)
watcher.say(`\n${paint.bold('Next')}  docs/guide.md, the quick start · npm run docs, the site with a playground · npm test, every check there is\n`)

import { createFetch, type FetchOptions } from '@backon/fetch'
import { hedging } from '@backon/hedge'
import { type Server, slow } from './server.ts'
import { paint, type Timeline } from './timeline.ts'

/** Asks a server that is slow now and then: once as it is, once with a hedge. */
export const hedgeScene = async (server: Server, timeline: Timeline): Promise<string> => {
  timeline.say(paint.bold('Hedge: send a copy of a request that takes too long'))
  timeline.say(paint.dim('  the first answer takes 1,200 ms, others 30 ms; a copy is sent after 150 ms\n'))

  const call = async (name: string, options?: FetchOptions): Promise<string> => {
    server.script(`/${name}`, slow(1_200), slow(30))
    const began = performance.now()
    await createFetch({ ...options, name })(`${server.url}/${name}`).then((response) => response.text())
    return Math.round(performance.now() - began).toLocaleString('en')
  }
  const plain = await call('plain')
  const hedged = await call('hedged', { use: [hedging({ wait: 150 })] })
  return `hedge: ${plain} ms → ${hedged} ms`
}

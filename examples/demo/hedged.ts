import { type Options, retry } from '@backon/core'
import { hedging } from '@backon/hedge'
import { get } from './get.ts'
import { type Server, slow } from './server.ts'
import { paint, type Timeline } from './timeline.ts'

/** Asks a server that is slow now and then: once as it is, once with a hedge. */
export const hedgeScene = async (server: Server, timeline: Timeline): Promise<void> => {
  timeline.say(paint.bold('Hedge: send a further copy of a request that takes too long'))
  timeline.say(paint.dim('  the first answer takes 1,200 ms, others 30 ms; a copy is sent after 150 ms\n'))

  const call = (name: string, options?: Options) => {
    server.script(`/${name}`, slow(1_200), slow(30))
    return retry(({ signal }) => get(`${server.url}/${name}`, signal), { ...options, name }).catch(() => {})
  }
  await call('plain')
  await call('hedged', { use: [hedging({ wait: 150 })] })
}

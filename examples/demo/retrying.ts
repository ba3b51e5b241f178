import { equalJitter, expo, type Options, retry, retryAfter, timeout } from '@backon/core'
import { get } from './get.ts'
import { notFound, ok, reset, type Server, slow, unavailable } from './server.ts'
import { paint, type Timeline } from './timeline.ts'

/** Calls a server that has every bad habit, all under one policy. */
export const retryScene = async (server: Server, timeline: Timeline): Promise<void> => {
  const policy: Options = {
    wait: retryAfter({ fallback: expo({ factor: 200 }), jitter: equalJitter, max: 5_000 }),
    maxTries: 4,
    maxTime: 4_000,
    use: [timeout(400)],
  }
  timeline.say(paint.bold('Retry: one policy for every bad habit of a server'))
  timeline.say(paint.dim('  wait: what Retry-After asks for, up to 5 s; else 200, 400, 800 ms with jitter'))
  timeline.say(paint.dim('  at most 4 attempts of 400 ms each, and 4 s in all\n'))

  server.script('/menu', ok)
  server.script('/orders', unavailable(1), ok)
  server.script('/stock', reset, reset, ok)
  server.script('/prices', slow(2_000), ok)
  server.script('/missing', notFound)
  server.script('/archive', unavailable(120))
  server.script('/payments', unavailable(), reset, slow(2_000), unavailable())

  for (const name of ['menu', 'orders', 'stock', 'prices', 'missing', 'archive', 'payments']) {
    // An error is on the timeline; the demo goes on.
    await retry(({ signal }) => get(`${server.url}/${name}`, signal), { ...policy, name }).catch(() => {})
  }
  timeline.say()
  timeline.say(paint.dim('  missing: a 404 is not worth another attempt. archive: 120 s is more than 5 s.'))
  timeline.say(paint.dim('  payments: the fourth attempt was the last one allowed.'))
}

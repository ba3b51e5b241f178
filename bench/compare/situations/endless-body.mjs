import { outcome, seconds, serve } from '../server.mjs'

export const title = 'a 503 whose body never ends, then 200: the second request comes after'
export const brief = 'a 503 whose body never ends: the next request comes'
export const why = 'The body of an error is no reason to wait. Asked to wait 20 ms; looked at for 15 s.'
export const timed = true

export async function run({ make }) {
  const server = await serve((response, _, nth) => {
    if (nth > 1) return response.end('ok')
    response.writeHead(503).write('busy')
    const timer = setInterval(() => response.write('.'), 20)
    response.on('close', () => clearInterval(timer))
  })
  const { value } = await outcome(make({ tries: 3, wait: 20 })(server.url).then(({ read }) => read()), 15_000)
  const [first, second] = server.seen
  if (!second) return { text: 'never', good: false }
  const gap = second.at - first.at
  return { text: gap < 1_500 ? 'at once' : seconds(gap), good: gap < 1_500 && value === 'ok', detail: `${gap.toFixed()} ms` }
}

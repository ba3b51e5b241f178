import { outcome, seconds, serve } from './server.mjs'

/** Answers once with 429 and what `headers` says, then with 200, and looks how long the client waits. It was asked to wait `asked` ms by the server, and 20 ms by its options. */
export async function hint({ make }, headers, asked) {
  const server = await serve((response, _, nth) => (nth === 1 ? response.writeHead(429, headers()).end('busy') : response.end('ok')))
  const { error, value } = await outcome(make({ tries: 3, wait: 20 })(server.url), 9_000)
  const [first, second] = server.seen
  if (!second) return value ? { text: `no retry; you get ${value.status}`, detail: `status ${value.status}` } : { text: 'still waits after 9 s', good: false, detail: String(error) }
  const gap = second.at - first.at
  return { text: gap < asked / 2 ? 'comes at once' : seconds(gap), good: gap >= asked - 50 && gap < asked + 2_500, detail: `${gap.toFixed()} ms` }
}

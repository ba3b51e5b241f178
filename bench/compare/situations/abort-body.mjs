import { outcome, pause, serve } from '../server.mjs'

export const title = 'the caller aborts while the body stalls'
export const why = 'The call should end, with the reason that was given, and the connection too. Looked at for 3 s.'

export async function run({ make }) {
  const server = await serve((response) => response.writeHead(200, { 'content-length': 100 }).write('half'))
  const controller = new AbortController()
  const reason = new Error('left the page')
  const call = make({ tries: 3, wait: 20 })(server.url, { signal: controller.signal }).then(({ read }) => read())
  call.catch(() => {})
  await pause(300)
  controller.abort(reason)
  const { error, hangs } = await outcome(call, 3_000)
  await pause(200)
  const detail = `${error}; ${server.unfinished} connections left, ${server.seen.length} requests`
  if (hangs) return { text: 'goes on', good: false, detail }
  if (server.unfinished > 0 || server.seen.length > 1) return { text: 'connection stays', good: false, detail }
  return error === reason ? { text: 'ends, with my reason', good: true, detail } : { text: `ends, ${error?.name ?? 'no error'}`, good: !!error, detail }
}

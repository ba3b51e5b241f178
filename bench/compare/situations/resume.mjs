import { parts } from '../parts.mjs'

export const title = 'a download is cut off; the server knows ETag and Range'
export const why = 'The rest can be asked for. Here `@backon/fetch/resume` is used, which is for that.'

const text = { hangs: 'hangs', error: 'an error', mixture: 'a mixture', half: 'half, no error', 'goes on': 'goes on', 'starts again': 'starts again' }

export async function run(client) {
  const { found, detail } = await parts(client, { etag: '"1"', later: 'a' })
  return { text: text[found], good: found === 'error' ? undefined : found === 'goes on' || found === 'starts again', detail }
}

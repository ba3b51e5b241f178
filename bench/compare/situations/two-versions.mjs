import { parts } from '../parts.mjs'

export const title = 'the same without ETag, and the file has changed meanwhile'
export const why = 'Half of one version and half of another is worse than nothing.'

export async function run(client) {
  const { found, detail } = await parts(client, { later: 'b' })
  if (found === 'mixture') return { text: 'half and half, no error', good: false, detail }
  return { text: { error: 'an error', 'starts again': 'all of the new one', half: 'half, no error', hangs: 'hangs', 'goes on': 'goes on' }[found], good: found === 'error' || found === 'starts again', detail }
}

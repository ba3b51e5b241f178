import { outcome } from '../server.mjs'

export const title = 'a deadline of 300 ms for a call whose attempt hangs'
export const brief = 'a deadline, and an attempt that hangs'
export const why = 'Looked at for 2 s.'
export const timed = true

export async function ask({ make, takesDeadline }) {
  if (!make) return
  if (!takesDeadline) return { text: 'has none', good: false }
  const { hangs, error } = await outcome(make({ tries: 3, wait: 10, deadline: 300 })(() => new Promise(() => {})), 2_000)
  return hangs ? { text: 'is not seen', good: false } : { text: 'ends it', good: !!error, detail: String(error) }
}

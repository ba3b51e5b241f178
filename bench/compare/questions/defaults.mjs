import { retried } from '../watch.mjs'

export const title = 'without options: runs of what always fails'
export const why = 'Timers are shortened for this; it stops looking at 100.'

export async function ask({ make, hasDefaults = true }) {
  if (!make || !hasDefaults) return
  const { runs } = await retried(make(), 100)
  return { text: runs > 100 ? 'without end' : `${runs}` }
}

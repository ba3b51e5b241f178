import { retried } from '../watch.mjs'

export const title = 'without options: the first waits are'
export const brief = 'waits without options'
export const why = 'All clients that fail at once should not come back at once: asked twice, the waits are to differ.'

export async function ask({ make, hasDefaults = true }) {
  if (!make || !hasDefaults) return
  const waitsOf = async () => (await retried(make(), 3)).waits.slice(0, 2).map(Math.round)
  const [one, two] = [await waitsOf(), await waitsOf()]
  const spread = one.join() !== two.join()
  return { text: spread ? 'spread at random' : `always ${one.join(', ')} ms`, good: spread, detail: `${one}; ${two}` }
}

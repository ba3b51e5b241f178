import { pause } from '../server.mjs'

export const title = 'hedging: a second copy when the first is slow, the loser is aborted'
export const brief = 'hedging, the loser is aborted'
export const why = 'For the slow few of many quick answers.'

export async function ask({ hedged }) {
  if (!hedged) return
  const signals = []
  const result = await hedged(50)(async ({ signal }) => {
    const copy = signals.push(signal)
    if (copy === 1) await new Promise(() => {})
    return copy
  })
  await pause(10)
  const good = result === 2 && signals[0].aborted
  return { text: good ? 'yes' : 'no', good }
}

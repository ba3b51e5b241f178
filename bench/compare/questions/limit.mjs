import { pause } from '../server.mjs'

export const title = 'at most two run at a time, the others wait'
export const why = 'A limit of concurrency (a bulkhead) with a queue.'

export async function ask({ limit }) {
  const call = limit?.(2)
  if (!call) return
  let running = 0
  let most = 0
  await Promise.all(Array.from({ length: 6 }, () => call(async () => {
    most = Math.max(most, ++running)
    await pause(20)
    running -= 1
  })))
  return { text: most === 2 ? 'yes' : `${most}`, good: most === 2 }
}

export const title = 'tests without waiting: an hour of waits takes'
export const why = 'Virtual time that belongs to the library, not to a test runner.'
export const timed = true

export async function ask({ virtualRetry }) {
  if (!virtualRetry) return
  const start = performance.now()
  let runs = 0
  await virtualRetry({ tries: 3, wait: 1_800_000 })(async () => {
    runs += 1
    throw new Error('down')
  }).catch(() => {})
  const after = performance.now() - start
  const good = after < 1_000 && runs === 3
  return { text: good ? 'no time' : `${after.toFixed()} ms, ${runs} runs`, good, detail: `${after.toFixed()} ms` }
}

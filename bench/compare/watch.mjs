/** Runs what always fails until it gives up, or has run more than `most` times, with all timers set to 0 ms. Gives the number of runs, and the waits that were asked for. */
export async function retried(call, most) {
  const real = globalThis.setTimeout
  const waits = []
  globalThis.setTimeout = (fn, ms, ...rest) => {
    waits.push(ms ?? 0)
    return real(fn, 0, ...rest)
  }
  let runs = 0
  try {
    const end = Promise.resolve(call(async () => {
      runs += 1
      if (runs > most) await new Promise(() => {})
      throw new Error('down')
    })).catch(() => {})
    const stop = new Promise((resolve) => {
      const look = () => (runs > most ? resolve() : real(look, 5))
      look()
    })
    await Promise.race([end, stop])
  } finally {
    globalThis.setTimeout = real
  }
  return { runs, waits }
}

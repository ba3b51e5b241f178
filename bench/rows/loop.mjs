export const ok = async () => 1

/** The yardstick: what one writes by hand. */
export async function loop(fn) {
  for (;;) {
    try {
      return await fn()
    } catch {}
  }
}

/** Makes an operation that fails three times, succeeds once, and starts over. */
export function failsThreeTimes() {
  // One error for all: capturing a stack takes microseconds and would hide what is compared.
  const error = new Error('not yet')
  let tries = 0
  return async () => {
    if (++tries % 4) throw error
    return 1
  }
}

import { checks } from './checks.js'

/** Names of globals at the moment. Call it before the packages are loaded, and hand the result to `run`. */
export const globals = () => new Set(Reflect.ownKeys(globalThis).map(String))

const within = (ms, promise) => {
  let timer
  const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error(`no end after ${ms} ms`)), ms)))
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

/** Runs all checks, one after another, and reports what came of each. Those that need what a runtime has not are skipped. */
export async function run(runtime) {
  const results = []
  for (const [group, name, check, needs] of checks) {
    const result = { group, name }
    results.push(result)
    if (needs && !runtime[needs]) {
      result.skipped = true
      continue
    }
    try {
      const note = await within(5_000, Promise.resolve(runtime).then(check))
      // What is to be written down of a runtime, such as how it calls something.
      if (typeof note === 'string') result.note = note
    } catch (error) {
      result.error = String(error?.stack ?? error)
    }
  }
  return results
}

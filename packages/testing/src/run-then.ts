/** Runs a function, then cleans up: at once, or when the promise that came back has settled; after a throw or a rejection too. */
export const runThen = <T>(run: () => T, cleanUp: (failed: boolean) => void): T => {
  let result: any
  try {
    result = run()
  } catch (error) {
    cleanUp(true)
    throw error
  }
  if (typeof result?.then !== 'function') {
    cleanUp(false)
    return result
  }
  return result.then(
    (value: unknown) => {
      cleanUp(false)
      return value
    },
    (error: unknown) => {
      cleanUp(true)
      throw error
    },
  )
}

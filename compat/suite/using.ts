import type * as Core from '@backon/core'

/** Whether a `using` of an override is seen inside its block, and after it. */
export const forced = (core: typeof Core): boolean[] => {
  const seen: boolean[] = []
  const once = (): void => {
    let calls = 0
    try {
      core.retrySync(() => { calls += 1; throw new Error('down') }, { wait: 0 })
    } catch {}
    seen.push(calls === 1)
  }
  {
    using _ = core.override({ maxTries: 1 })
    once()
  }
  once()
  return seen
}

/** How a call ends that is still running when its scope is left. */
export const scope = async (core: typeof Core): Promise<string> => {
  let call: Promise<unknown>
  {
    await using retrying = new core.Retrying({ maxTries: Infinity, wait: 10 })
    call = retrying.call(async () => { throw new Error('down') })
    call.catch(() => {})
  }
  return call.then(() => 'no error', (error: Error) => error.name)
}

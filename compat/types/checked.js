// Plain JavaScript, read by the compiler (`checkJs`): what is inferred is all there is.
import { expo, onException, retry, Retrying, retrySync } from '@backon/core'

/** @type {(id: number) => Promise<{ id: number, name?: string }>} */
const load = async (id) => ({ id })

export async function main() {
  const user = await retry(({ tries, signal }) => (signal.aborted ? load(0) : load(tries)), {
    wait: expo({ factor: 100 }),
    predicate: ({ name }) => name === undefined,
    onBackoff: ({ wait }) => wait.toFixed(),
  })
  const retried = onException([100, 200], [TypeError], { maxTries: 2 })(load)
  const again = await retried.retryWith({ maxTries: 1 })(1)
  const maybe = await new Retrying({ raiseOnGiveup: false }).call(load, 1)
  // @ts-expect-error it may be undefined
  maybe.id.toFixed()
  // @ts-expect-error
  await retried('1')
  // @ts-expect-error
  await retry(() => 1, { maxTries: '3' })
  // @ts-expect-error
  retrySync(async () => 1)
  return [user.id.toFixed(), again.name?.length, maybe?.id]
}

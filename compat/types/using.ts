// For who has `esnext.disposable` in `lib`.
import { override, Retrying } from '@backon/core'

export async function main(): Promise<void> {
  using _ = override({ maxTries: 1 })
  await using policy = new Retrying()
  await policy.call(async () => 1)
}

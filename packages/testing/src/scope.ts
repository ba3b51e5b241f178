/** What this package needs of Node's AsyncLocalStorage, which Bun and Deno have too. */
interface Storage {
  run<T>(store: readonly object[], run: () => T): T
  getStore(): readonly object[] | undefined
}
interface StorageClass {
  new (): Storage
  snapshot?(): <Args extends unknown[]>(run: (...args: Args) => void, ...args: Args) => void
}

// Asked for instead of imported, so that the package loads in browsers too.
const Storage: StorageClass | undefined = (globalThis as any).process?.getBuiltinModule?.('node:async_hooks')?.AsyncLocalStorage

let storage: Storage | undefined
const open = (): Storage | undefined => (storage ??= Storage && new Storage())

/** Whether a scope can be kept to the code that runs in it. Where it cannot, a scope is process-wide. */
export const scopable = (): boolean => open() !== undefined

/** Runs a function, and all that it starts, inside a scope. */
export const enter = <T>(scope: object, run: () => T): T => {
  const storage = open()
  return storage ? storage.run([...(storage.getStore() ?? []), scope], run) : run()
}

/** The scopes around the code that asks, outermost first. */
export const scopes = (): readonly object[] => open()?.getStore() ?? []

/** Whether the code that asks runs inside a scope; everything does where scopes cannot be kept apart. */
export const inside = (scope: object): boolean => !scopable() || scopes().includes(scope)

/** Keeps the scopes of the code that asks: what comes back runs a function inside them, whenever that is. */
export const here = (): ((run: () => void) => void) => Storage?.snapshot?.() ?? ((run) => run())

/** Ties a callback to the scopes it was made in, as the runtime's own timers do. */
export const bound = (callback: () => void): (() => void) => {
  const run = Storage?.snapshot?.()
  return run ? () => run(callback) : callback
}

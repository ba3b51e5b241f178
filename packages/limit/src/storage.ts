/** What is needed of AsyncLocalStorage: Node, Bun and Deno have it, and workerd with `nodejs_compat`. */
export interface Storage<Store> {
  run<T>(store: Store, run: () => T): T
  getStore(): Store | undefined
}

/** Makes a store that follows a call through its promises; `undefined` where the runtime has none. */
// Asked for instead of imported, so that the package loads in browsers too.
export const openStorage = <Store>(): Storage<Store> | undefined => {
  const Class = (globalThis as any).process?.getBuiltinModule?.('node:async_hooks')?.AsyncLocalStorage
  return Class && new Class()
}

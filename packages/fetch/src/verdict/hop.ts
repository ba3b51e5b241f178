/** Where no connection could be made, by the error that says so: scheme, host and port. */
const origins = /* @__PURE__ */ new WeakMap<object, string>()
let listening = false

/** Node's fetch tells where each failed connection was to lead, on a channel. It asks nothing of a connection that is made. */
export const listen = (): void => {
  if (listening) return
  listening = true
  // Asked for instead of imported, so that the package loads in browsers too.
  ;(globalThis as any).process?.getBuiltinModule?.('node:diagnostics_channel')?.subscribe('undici:client:connectError', ({ connectParams, error }: any = {}) => {
    // What cannot be known counts as another host. (A subscriber that throws would end the process.)
    origins.set(Object(error), `${connectParams?.protocol}//${connectParams?.host}`)
  })
}

/** Whether the host without a connection is another than the one that was asked, as far as anybody tells: a redirect has led there, so the first host has processed something. */
export const isElsewhere = (error: object, origin: string): boolean => (origins.get(error) ?? origin) !== origin

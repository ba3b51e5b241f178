/** Whether a browser runs this: it has a cache between us and the network, and forbids some headers. */
export const inBrowser = (): boolean => !!(globalThis as { navigator?: { userAgent?: string } }).navigator?.userAgent?.startsWith('Mozilla')

/** Marks a strategy of the original: spread by `fullJitter` unless the call says otherwise. */
export const spread = <Strategy extends (details: any) => unknown>(wait: Strategy): Strategy & { spread: true; timeless: true } =>
  Object.assign(wait, { spread: true, timeless: true } as const)

/** Marks a strategy that draws its own randomness. */
export const drawn = <Strategy extends (details: any) => unknown>(wait: Strategy): Strategy & { exact: true; timeless: true } =>
  Object.assign(wait, { exact: true, timeless: true } as const)

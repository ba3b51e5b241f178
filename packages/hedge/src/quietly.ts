/** Asks what may throw, such as a property of something that was thrown; `undefined` when it does. */
export const quietly = <Answer>(ask: () => Answer): Answer | undefined => {
  try {
    return ask()
  } catch {
    return undefined
  }
}

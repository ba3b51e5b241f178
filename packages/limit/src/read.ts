/** Reads a property of anything, also of what does not let itself be read: what is thrown may be anything. */
export const read = (thing: any, name: string): any => {
  try {
    return thing?.[name]
  } catch {
    return undefined
  }
}

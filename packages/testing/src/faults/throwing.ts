/** A class, of errors or of something else that is thrown. One that extends no Error is told by its source alone. */
export const isClass = (value: unknown): value is new (message: string) => unknown =>
  typeof value === 'function' && (value === Error || value.prototype instanceof Error || /^class\b/.test(Function.prototype.toString.call(value)))

/** Makes what is to be thrown in a run: a value is itself, a class is made anew each time, a function is asked. */
export const thrownIn = (error: unknown, run: number, message: string): unknown => {
  if (!isClass(error)) return typeof error === 'function' ? error(run) : error
  try {
    return new error(message)
  } catch (cause) {
    throw new TypeError(`error must be a class that is made with a message alone; new ${error.name}(${JSON.stringify(message)}) threw: give a function that makes it`, { cause })
  }
}

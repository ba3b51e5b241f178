import type { Undo } from '../types.ts'

/** Makes an undo that acts once, and is disposable where the runtime knows `Symbol.dispose`. */
export const undo = (act: () => void): Undo => {
  let done = false
  const once = (): void => {
    if (!done) {
      done = true
      act()
    }
  }
  return Object.assign(once, { [Symbol.dispose ?? Symbol.for('Symbol.dispose')]: once }) as Undo
}

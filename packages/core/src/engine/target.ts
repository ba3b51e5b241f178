import { invalid } from '../check.ts'

export const checkTarget = (target: unknown): void => {
  if (typeof target !== 'function') invalid('operation', 'a function', target)
}

import { prepare } from '../engine/options.ts'
import { lookAtNames } from '../names.ts'
import type { Options } from '../types.ts'

/**
 * Checks options as `retry` would, and throws what it would reject with: for who keeps options for later calls and
 * wants to refuse unusable ones when they are given.
 */
export const checkOptions = <T>(options: Options<T>): void => {
  prepare(options as Options)
  lookAtNames(options, true)
}

import { random } from './draw.ts'

/**
 * Adds up to 1,000 ms to the wait: it is then longer than asked, above a strategy's own cap too.
 *
 * @example
 * retry(load, { wait: 5_000, jitter: randomJitter }) // 5 to 6 s
 */
export const randomJitter = (wait: number): number => wait + random() * 1_000

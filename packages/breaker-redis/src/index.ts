export { type Everywhere, shareBreaker, type SharedBreaker } from './share.ts'
export type { RedisClient } from './client.ts'
export type { ShareOptions, StoreErrorEvent } from './options.ts'

export { createFetch } from './fetch.ts'
export { isHttpFailure } from './failure.ts'
export { ResponseError } from './error.ts'
export type * from './types.ts'

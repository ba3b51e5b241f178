export { createFetch } from './fetch.ts'
export { isHttpFailure } from './verdict/failure.ts'
export { ResponseError } from './verdict/error.ts'
export type * from './types.ts'

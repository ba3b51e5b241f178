import type { Rule } from '../types.ts'

/**
 * Which answers are asked again, and of whom. RFC 9110, sections 15.5 and 15.6, unless another source is named. Those of 500 and more that are not
 * here are failures, and final.
 */
export const statusRules: { readonly [status: number]: Rule } = {
  // A server may give up on a request that it has begun to act upon.
  408: 'idempotent',
  // A first request with this key is still under way (draft-ietf-httpapi-idempotency-key-header, section 2.7). Without a key of ours it says what it says.
  409: 'key',
  421: 'always',
  // RFC 8470, section 5.2: refused so that it is not processed early.
  425: 'always',
  // RFC 6585, section 4.
  429: 'always',
  500: 'idempotent',
  502: 'idempotent',
  503: 'idempotent',
  504: 'idempotent',
}

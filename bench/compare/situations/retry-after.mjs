import { hint } from '../hint.mjs'

export const title = '429 with `Retry-After: 2`: comes back after'
export const why = 'The server says when. Asked to wait 20 ms by its options.'
export const timed = true

export const run = (client) => hint(client, () => ({ 'retry-after': '2' }), 2_000)

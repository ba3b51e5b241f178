import { hint } from '../hint.mjs'

export const title = '429 with `Retry-After:` a date 3 s ahead: comes back after'
export const why = 'The other form of the header. Dates have whole seconds, so 2 to 3 s are right.'
export const timed = true

export const run = (client) => hint(client, () => ({ 'retry-after': new Date(Date.now() + 3_000).toUTCString() }), 2_000)

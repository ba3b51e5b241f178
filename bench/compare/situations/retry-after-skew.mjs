import { hint } from '../hint.mjs'

export const title = 'the same from a server whose clock is ten minutes slow'
export const why = 'Its `Date` and its `Retry-After` come from the same clock: their difference is right, ours is not.'
export const timed = true

const slow = () => Date.now() - 600_000

export const run = (client) => hint(client, () => ({ date: new Date(slow()).toUTCString(), 'retry-after': new Date(slow() + 3_000).toUTCString() }), 2_000)

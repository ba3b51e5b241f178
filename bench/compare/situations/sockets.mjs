import { forty } from '../forty.mjs'

export const title = '39 answers of 503 with 100 kB each, then 200: connections still open'
export const brief = '40 attempts, 100 kB each: connections left open'
export const why = 'A body that nobody reads holds its connection. With enough of them the server, or the pool, is full. Up to 4 that are kept for the next request are fine.'

export async function run(client) {
  const { detail, failed, open } = await forty(client)
  return failed ?? { text: `${open}`, good: open <= 4, detail }
}

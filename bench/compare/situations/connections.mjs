import { forty } from '../forty.mjs'

export const title = 'the same: connections that were made'
export const why = 'To cut a body off costs a new connection, to read it costs its bytes and its time. `@backon/fetch` reads up to 64 KiB beside the wait, and cuts off what is longer; undici then makes a further one in advance.'

export async function run(client) {
  const { detail, failed, opened } = await forty(client)
  return failed ?? { text: `${opened}`, good: opened <= 4, detail }
}

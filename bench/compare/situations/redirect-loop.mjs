import { outcome, serve } from '../server.mjs'

export const title = 'a redirect loop, three attempts: requests'
export const why = 'It will be a loop the next time too.'

async function requests(make, tries) {
  const server = await serve((response) => response.writeHead(302, { location: '/loop' }).end())
  const { error, value } = await outcome(make({ tries, wait: 20 })(`${server.url}/loop`), 10_000)
  return { count: server.seen.length, detail: String(error?.cause ?? error ?? value?.status) }
}

export async function run({ make }) {
  const one = await requests(make, 1)
  const three = await requests(make, 3)
  return { text: `${three.count}`, good: three.count === one.count, detail: `with one attempt ${one.count}; ${three.detail}` }
}

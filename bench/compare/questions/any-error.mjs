import { outcome } from '../server.mjs'

export const title = 'what was thrown comes out'
export const why = 'The very error of the last run; also where it is no Error.'

export async function ask({ make }) {
  if (!make) return
  const end = async (thrown) => (await outcome(make({ tries: 2, wait: 1 })(async () => Promise.reject(thrown)), 2_000)).error
  const error = new Error('down')
  const found = [(await end(error)) === error, (await end('text')) === 'text']
  return { text: found[0] ? (found[1] ? 'yes' : 'only Errors') : 'something else', good: found[0] && found[1] }
}

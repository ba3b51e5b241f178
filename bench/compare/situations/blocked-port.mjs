import { outcome } from '../server.mjs'

export const title = 'a port that fetch blocks, three attempts'
export const why = 'A mistake of the program is an error at once. Port 1 of 127.0.0.1; asked to wait 700 ms.'
export const timed = true

export async function run({ make }) {
  const wait = 700
  const { error, after } = await outcome(make({ tries: 3, wait })('http://127.0.0.1:1/'), 10_000)
  const reasons = []
  for (let reason = error; reason; reason = reason.cause) reasons.push(reason.message)
  const detail = `${reasons.join(' < ')}, ${after.toFixed()} ms`
  if (!reasons.some((reason) => /bad port/.test(reason))) return { text: 'has no such ports', detail }
  return after < wait ? { text: 'error at once', good: true, detail } : { text: `tries ${1 + Math.floor(after / wait)} times`, good: false, detail }
}

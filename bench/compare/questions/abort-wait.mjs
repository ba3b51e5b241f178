import { outcome, pause } from '../server.mjs'

export const title = 'an abort in a wait of 3 s'
export const why = 'The call ends at once, with the reason that was given, and nothing runs any more.'
export const timed = true

export async function ask({ make, takesSignal }) {
  if (!make) return
  if (!takesSignal) return { text: 'takes no signal', good: false }
  const controller = new AbortController()
  const reason = new Error('left the page')
  let runs = 0
  const call = make({ tries: 3, wait: 3_000, signal: controller.signal })(async () => {
    runs += 1
    throw new Error('down')
  })
  Promise.resolve(call).catch(() => {})
  await pause(200)
  controller.abort(reason)
  const { error, after } = await outcome(call, 4_500)
  const detail = `${error}, after ${after.toFixed()} ms, ${runs} runs`
  if (after > 1_500) return { text: `ends after the wait${runs > 1 ? ', runs again' : ''}`, good: false, detail }
  return error === reason ? { text: 'ends, with my reason', good: true, detail } : { text: `ends, ${error?.name}`, good: undefined, detail }
}

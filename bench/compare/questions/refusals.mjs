export const title = 'an open circuit inside a retry: its refusals are retried'
export const brief = 'an open circuit in a retry: refusals are retried'
export const why = 'An open circuit says that asking again is of no use for now.'

export async function ask({ retriedBreaker }) {
  if (!retriedBreaker) return
  let refusals = 0
  let open = false
  const call = retriedBreaker({ failures: 1, tries: 5, seen: () => open && refusals++ })
  await call(async () => {
    setTimeout(() => (open = true))
    throw new Error('down')
  }).catch(() => {})
  open = true
  refusals = 0
  await call(async () => 1).catch(() => {})
  return { text: refusals === 0 ? 'no' : `${refusals} times`, good: refusals === 0 }
}

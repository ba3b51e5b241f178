export const title = 'retries of a synchronous function, which stay synchronous'
export const why = 'For a file that is locked for a moment, in a program that has no loop to wait in.'

export async function ask({ sync }) {
  if (!sync) return
  let runs = 0
  const value = sync({ tries: 3 })(() => {
    if (++runs < 3) throw new Error('locked')
    return runs
  })
  return { text: value === 3 ? 'yes' : 'no', good: value === 3 }
}

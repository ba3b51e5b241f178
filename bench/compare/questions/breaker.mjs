export const title = 'a circuit breaker opens after five failures'
export const why = 'The sixth call does not reach the service.'

export async function ask({ breaker }) {
  if (!breaker) return
  const call = breaker(5)
  let runs = 0
  for (let n = 0; n < 8; n++) await call(async () => {
    runs += 1
    throw new Error('down')
  }).catch(() => {})
  return { text: runs === 5 ? 'yes' : `after ${runs}`, good: runs === 5 }
}

export const title = 'a budget: 20 calls in an outage, three attempts each, make'
export const why = 'Retries multiply the load just when there is no room for it. Without one it is 60 requests.'

export async function ask({ budgeted }) {
  if (!budgeted) return
  const call = budgeted({ credit: 3, tries: 3 })
  let requests = 0
  for (let n = 0; n < 20; n++) await call(async () => {
    requests += 1
    throw new Error('down')
  }).catch(() => {})
  return { text: `${requests} requests`, good: requests < 30 }
}

import { createFetch } from '@backon/fetch'
import { resumable } from '@backon/fetch/resume'

export const name = '@backon/fetch'
export const packages = ['@backon/fetch']
export const deadline = 'maxTime'

const requester = (http) => async (url, init = {}) => {
  const response = await http(url, init)
  return { status: response.status, read: () => response.text() }
}
// Without jitter, as the others are set.
const options = ({ tries, wait, timeout, deadline }) => ({ maxTries: tries, wait, jitter: null, timeout, maxTime: deadline })

export const make = (given) => requester(createFetch(options(given)))

/** For downloads there is a further function. */
export const makeDownload = (given) => requester(resumable(createFetch(options(given)), { wait: given.wait }))

import { retry, retryAfter } from '@backon/core'
import axios, { isAxiosError } from 'axios'
import { scripted } from './scripted.mjs'

const server = await scripted({ status: 429, headers: { 'retry-after': '0' } }, { status: 500 }, {}, { status: 404 }, {})

// recipe: axios throws for a status of 4xx and 5xx; the first are not retried, but for 408 and 429.
const client = axios.create({ baseURL: server.url })

const get = <T>(path: string, signal?: AbortSignal) =>
  retry((attempt) => client.get<T>(path, { signal: attempt.signal }), {
    giveup: (error) => isAxiosError(error) && error.response !== undefined && error.response.status < 500 && ![408, 429].includes(error.response.status),
    wait: retryAfter({ fallback: 10 }),
    signal,
  })

const { data } = await get<{ name: string }>('/users/1')
// end

const missing = await get('/users/2').catch((error: unknown) => (isAxiosError(error) ? error.response?.status : error))
console.log(data.name, missing, server.seen.length, 'requests')
server.close()
// prints: Ada 404 4 requests

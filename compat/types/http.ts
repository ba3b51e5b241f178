// A program of somebody who uses fetch, limits and the kit, written with everything that is typed in a way that could break.
import { CircuitBreakers } from '@backon/breaker'
import { type Plugin, retry, use } from '@backon/core'
import { diagnostics } from '@backon/core/diagnostics'
import { Keyed, retryAfterOf } from '@backon/core/kit'
import { createFetch, type FetchInit, type FetchOptions, isHttpFailure, type RequestFacts, ResponseError, type RetryingFetch } from '@backon/fetch'
import { resumable } from '@backon/fetch/resume'
import { hedging, latencyPercentile } from '@backon/hedge'
import { aimd, limit, LimitError, Limits, RetryBudget, throttle } from '@backon/limit'
import { attemptHeaders, fromRequest, nested } from '@backon/limit/nested'

const breakers = new CircuitBreakers({ isFailure: isHttpFailure })
const options: FetchOptions = {
  maxTries: 4,
  maxTime: undefined,
  timeout: 1_000,
  statuses: { 520: 'idempotent', 404: 'never' },
  errors: { MY_PROXY_IS_GONE: 'always' },
  idempotent: ({ method, url }: RequestFacts) => method === 'GET' || url.endsWith('/search'),
  idempotencyKey: true,
  use: ({ origin }) => [breakers.get(origin), hedging({ wait: latencyPercentile(95) })],
  onBackoff: ({ exception, wait }) => [exception instanceof ResponseError ? exception.response.status : 0, wait],
  predicate: (response) => response.status !== 500,
}
const http: RetryingFetch = createFetch(options)
// It may be given wherever a fetch is wanted, and takes what fetch takes.
const asFetch: typeof fetch = http
const download: RetryingFetch = resumable(http, { maxTries: 5 })

export async function main(given: AbortSignal): Promise<string> {
  const response: Response = await http('https://users.example/1', { signal: given, retry: { maxTries: 1, idempotencyKey: 'order-17' } })
  const once: Response = await http(new URL('https://users.example'), { method: 'PUT', body: () => new Blob(['x']).stream(), retry: false })
  const more: FetchInit = { method: 'POST', body: new URLSearchParams({ a: '1' }), headers: { ...attemptHeaders() } }
  const posted = await http(new Request('https://users.example'), more)
  const user = (await (await asFetch('https://users.example')).json()) as { name: string }
  // @ts-expect-error
  createFetch({ maxTries: '3' })
  // @ts-expect-error
  createFetch({ raiseOnGiveup: false })
  // @ts-expect-error
  createFetch({ statuses: { 520: 'sometimes' } })
  // @ts-expect-error
  await http(5)
  return `${response.status} ${once.ok} ${posted.url} ${user.name} ${(await download('https://users.example')).status}`
}

const budget = new RetryBudget({ name: 'users', ratio: 0.1 })
const api = limit({ name: 'api', concurrency: aimd({ initial: 5 }), rate: { calls: 100, per: 60_000 }, queue: 10 })
const hosts = new Limits({ concurrency: 20 }, { max: 500 })

export async function limited(): Promise<number> {
  const n: number = await api.call(async (id: number) => id, 1)
  const plugins: Plugin[] = [budget, hosts.get('users.example'), throttle(), nested({ onNested: ({ name, outer }) => name + outer }), diagnostics()]
  const undo = use(nested())
  undo()
  const m: number = await retry(async () => 1, { use: plugins }).catch((error: unknown) => (error instanceof LimitError ? (error.retryAfter ?? 0) : 0))
  const seen: number = fromRequest(new Headers()).run(() => budget.balance)
  return n + m + seen + (retryAfterOf(new Response()) ?? 0)
}

interface Kept {
  readonly id: string
}
const perHost = new Keyed<Kept>((id) => ({ id }), { max: 100, idleFor: Infinity })
export const kept: Kept = perHost.get('users.example')

/** Safe methods: RFC 9110, section 9.2.1; QUERY: draft-ietf-httpbis-safe-method-w-body. */
export const safe = /^(?:GET|HEAD|OPTIONS|TRACE|QUERY)$/

/** Idempotent besides: RFC 9110, section 9.2.2. */
export const idempotent = /^(?:PUT|DELETE)$/

/** What `fetch` turns to upper case ("normalize a method", Fetch Standard, section 2.2.1). Any other name is sent, and meant, as it is. */
const normalized = /^(?:delete|get|head|options|post|put)$/i

export const methodOf = (method: string | undefined): string =>
  method === undefined ? 'GET' : normalized.test(method) ? method.toUpperCase() : `${method}`

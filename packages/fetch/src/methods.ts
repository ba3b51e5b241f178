/** Safe methods: RFC 9110, section 9.2.1; QUERY: draft-ietf-httpbis-safe-method-w-body. */
export const isSafe = (method: string): boolean => /^(?:GET|HEAD|OPTIONS|TRACE|QUERY)$/.test(method)

/** Idempotent besides: RFC 9110, section 9.2.2. */
export const isIdempotent = (method: string): boolean => /^(?:PUT|DELETE)$/.test(method)

/** What `fetch` turns to upper case ("normalize a method", Fetch Standard, section 2.2.1). Any other name is sent, and meant, as it is. */
export const methodOf = (method: string | undefined): string =>
  method === undefined ? 'GET' : /^(?:delete|get|head|options|post|put)$/i.test(method) ? method.toUpperCase() : `${method}`

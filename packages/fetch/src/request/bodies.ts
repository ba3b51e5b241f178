/** Whether a body can be read only once: a ReadableStream, a stream of Node, an async iterable. */
export const isStream = (body: any): boolean => typeof (body?.getReader ?? body?.pipe ?? body?.[Symbol.asyncIterator]) === 'function'

/** Whether it is a Request, of whatever realm or library. */
export const isRequest = (input: any): input is Request => typeof input?.url === 'string' && typeof input.clone === 'function'

/** Whether it is a Request that can be sent once. Where `body` is not known (older Firefox) it may have one. */
export const hasBody = ({ body, method }: Request): boolean => body !== null && method !== 'GET' && method !== 'HEAD'

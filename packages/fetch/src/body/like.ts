/** Gives a response another body. It keeps what a new Response cannot be given, in its clones too. */
export const withBody = (response: Response, body: ReadableStream): Response => {
  const { headers, status, statusText } = response
  return like(new Response(body, { headers, status, statusText }), response)
}

const like = (response: Response, { redirected, type, url }: Response): Response => {
  const clone = response.clone.bind(response)
  return Object.defineProperties(response, {
    redirected: { value: redirected },
    type: { value: type },
    url: { value: url },
    clone: { value: () => like(clone(), response) },
  })
}

/** Closes a stream of bytes; a read into a buffer of the reader's own ends with it. */
export const close = (sink: ReadableByteStreamController): void => {
  sink.close()
  sink.byobRequest?.respond(0)
}

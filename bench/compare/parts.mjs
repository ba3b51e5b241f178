import { outcome, pause, reset, serve } from './server.mjs'

const size = 200_000

/** Cuts a download off in its middle; the rest is asked for, or not. `later` is what the server has by then. */
export async function parts({ make, makeDownload = make }, { etag, later, laterEtag = etag }) {
  const whole = (letter) => letter.repeat(size)
  const server = await serve(async (response, { headers }, nth) => {
    if (nth === 1) {
      response.writeHead(200, { 'content-type': 'text/plain', 'content-length': size, 'accept-ranges': 'bytes', ...(etag && { etag }) }).write(whole('a').slice(size / 2))
      await pause(150)
      return reset(response)
    }
    const [, from] = /^bytes=(\d+)-/.exec(headers.range ?? '') ?? []
    const isOld = headers['if-range'] !== undefined && headers['if-range'] !== laterEtag
    const isWrong = headers['if-match'] !== undefined && headers['if-match'] !== laterEtag
    if (isWrong) return response.writeHead(412).end()
    const common = { 'content-type': 'text/plain', 'accept-ranges': 'bytes', ...(laterEtag && { etag: laterEtag }) }
    if (from === undefined || isOld) return response.writeHead(200, { ...common, 'content-length': size }).end(whole(later))
    const rest = whole(later).slice(Number(from))
    return response.writeHead(206, { ...common, 'content-length': rest.length, 'content-range': `bytes ${from}-${size - 1}/${size}` }).end(rest)
  })
  const result = await outcome(makeDownload({ tries: 3, wait: 20 })(server.url).then(({ read }) => read()), 6_000)
  const { error, value = '' } = result
  const ranges = server.seen.map(({ headers }) => headers.range ?? '-')
  const letters = [...new Set(value)].join('')
  const found = result.hangs ? 'hangs' : error ? 'error' : letters.length > 1 ? 'mixture' : value.length < size ? 'half' : ranges.some((range) => range !== '-') ? 'goes on' : 'starts again'
  return { found, detail: `${error?.cause?.message ?? error ?? `${value.length} bytes of ${letters}`}; ranges ${ranges}` }
}

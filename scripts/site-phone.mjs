import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { extname, join, relative, resolve } from 'node:path'
import { openBrowser } from './browser.mjs'

const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.png': 'image/png' }

/** Serves a folder on 127.0.0.1, on a port that the system gives. */
async function serve(folder) {
  const server = createServer((request, response) => {
    const path = join(folder, decodeURIComponent(new URL(request.url, 'http://localhost').pathname))
    const file = existsSync(path) && statSync(path).isDirectory() ? join(path, 'index.html') : path
    if (!existsSync(file)) return response.writeHead(404).end()
    response.writeHead(200, { 'content-type': types[extname(file)] ?? 'application/octet-stream' }).end(readFileSync(file))
  })
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  return { origin: `http://127.0.0.1:${server.address().port}`, close: () => server.close() }
}

/** One page of each kind stands for those that programs have written. */
const written = /^(?:api\/(?!index|@backon\/core\/(?:index|functions\/retry|interfaces\/Options|classes\/Retrying))|decisions\/(?!index|0001))/

/**
 * Opens the pages of a built site on a phone, 390 px wide: nothing sticks out to the right, no script fails, nobody else is asked.
 *
 * @param {string} folder
 * @returns {Promise<{ opened: number, skipped: number, problems: string[] }>}
 */
export async function openOnPhone(folder) {
  const site = resolve(folder)
  if (process.env.DOCS_BASE) return { opened: 0, skipped: 1, problems: [] }
  const { launched, why } = await openBrowser()
  if (!launched) {
    console.warn(`The site was NOT opened on a phone: ${why}`)
    return { opened: 0, skipped: 1, problems: [] }
  }
  const { origin, close } = await serve(site)
  const problems = []
  const files = globSync(join(site, '**/*.html')).map((file) => relative(site, file).replaceAll('\\', '/')).filter((file) => !written.test(file))
  const queue = [...files]
  const open = async () => {
    const page = await launched.newPage({ viewport: { width: 390, height: 844 } })
    let file
    page.on('pageerror', (error) => problems.push(`${file}: ${error}`))
    page.on('request', (request) => {
      if (!request.url().startsWith(origin) && !/^(?:data|blob):/.test(request.url())) problems.push(`${file} asks ${request.url()}`)
    })
    while ((file = queue.shift()) !== undefined) {
      await page.goto(`${origin}/${file}`, { waitUntil: 'load' })
      const width = await page.evaluate('document.documentElement.scrollWidth')
      if (width > 390) problems.push(`${file} is ${width} px wide on a phone of 390`)
    }
    await page.close()
  }
  await Promise.all([open(), open()])
  await launched.close()
  close()
  return { opened: files.length, skipped: 0, problems }
}

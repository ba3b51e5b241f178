import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { build } from 'vite'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ensure } from '../../scripts/system.mjs'
import { openTab } from './tab.ts'

const { path: executablePath, why } = ensure('chromium')
// Said aloud: without a browser nothing of this page is tested.
if (!executablePath) console.warn(`The playground was NOT tested: ${why}`)

const outDir = mkdtempSync(join(tmpdir(), 'backon-playground-'))
// `SCREENSHOTS=folder` keeps pictures of what the tests saw, for people to look at.
const pictures = process.env.SCREENSHOTS
const types: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' }

/** What the server does with the requests for `/api`, one after another; what is not scripted hangs. */
let script: ((response: ServerResponse) => void)[] = []
let requests: { at: number; cut: boolean }[] = []

const answer = (request: IncomingMessage, response: ServerResponse): void => {
  const path = new URL(request.url!, 'http://localhost').pathname
  if (path === '/api') {
    const seen = { at: performance.now(), cut: false }
    requests.push(seen)
    response.on('close', () => (seen.cut = !response.writableFinished))
    script.shift()?.(response)
    return
  }
  if (path === '/elsewhere') {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<p>elsewhere')
    return
  }
  try {
    const file = readFileSync(join(outDir, path === '/' ? 'index.html' : path))
    response.writeHead(200, { 'content-type': types[extname(path)] ?? 'text/html' }).end(file)
  } catch {
    response.writeHead(404).end()
  }
}
const status = (code: number) => (response: ServerResponse) => void response.writeHead(code).end('{}')

/** As `expect`, once it holds. */
const soon = <T>(look: () => T) => expect.poll(look, { timeout: 8_000 })

describe.skipIf(!executablePath)('the playground, in Chromium', { timeout: 20_000 }, () => {
  let browser: Browser
  let context: BrowserContext
  let server: Server
  let page: Page
  let origin: string
  let errors: unknown[]

  beforeAll(async () => {
    await build({ root: import.meta.dirname, logLevel: 'silent', build: { outDir } })
    server = createServer(answer)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox'] })
  }, 120_000)

  afterAll(async () => {
    await browser?.close()
    server?.closeAllConnections()
    server?.close()
    rmSync(outDir, { recursive: true, force: true })
  })

  beforeEach(async () => {
    script = []
    requests = []
    errors = []
    context = await browser.newContext({ permissions: ['clipboard-read', 'clipboard-write'] })
    page = await context.newPage()
    page.on('pageerror', (error) => errors.push(error))
    page.on('console', (line) => line.type() === 'error' && !line.text().includes('503') && errors.push(line.text()))
  })

  afterEach(async () => {
    await context.close()
    expect(errors).toEqual([])
  })

  const open = (hash = ''): Promise<unknown> => page.goto(origin + hash)
  const number = (name: string): Promise<string | null> => page.locator(`[data-number="${name}"]`).textContent()
  const column = (n: number): Promise<string[]> => page.locator(`#waits td:nth-child(${n})`).allTextContents()
  const ended = (text: string): Promise<void> => page.locator('#ended', { hasText: text }).waitFor()
  const problem = (name: string): Promise<string | null> => page.locator(`[data-row="${name}"] .problem`).textContent()
  const picture = async (name: string): Promise<void> => {
    if (pictures) await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true })
  }

  test('shows the waits of the default policy with their band', async () => {
    await open()
    expect(await column(2)).toEqual(['0 ms', '0 ms', '0 ms', '0 ms'])
    expect(await column(3)).toEqual(['500 ms', '1 s', '2 s', '4 s'])
    expect(await column(4)).toEqual(['1 s', '2 s', '4 s', '8 s'])
    expect(await column(5)).toEqual(['500 ms', '1.5 s', '3.5 s', '7.5 s'])
    expect(await page.locator('#chart canvas').count()).toBe(1)
    await picture('start')
  })

  test('follows what is chosen, with a link to it', async () => {
    await open()
    await page.getByLabel('Strategy').selectOption('fibo')
    await page.getByLabel('Jitter').selectOption('null')
    await page.getByLabel('Attempts at most').fill('7')
    await page.getByLabel('Whole call at most').fill('12000')
    expect(await column(3)).toEqual(['1 s', '1 s', '2 s', '3 s'])
    const link = new URL(page.url())
    await open(link.hash)
    await page.reload()
    expect(await column(3)).toEqual(['1 s', '1 s', '2 s', '3 s'])
  })

  test.each([
    ['maxTries', 'abc', 'Needs a number from 1 to 100.'],
    ['maxTries', '1e9', 'Needs a number from 1 to 100; 1,000,000,000 is too large.'],
    ['maxTries', '2.5', 'Needs a whole number from 1 to 100; 2.5 is not whole.'],
    ['maxTries', '', 'Needs a number from 1 to 100.'],
    ['expo.factor', '-5', 'Needs a number from 0 to 3,600,000; -5 is too small.'],
    ['maxTime', 'soon', 'Needs a number from 0 to 3,600,000, or nothing.'],
  ])('%s = "%s" is answered with a message', async (name, text, wanted) => {
    await open()
    const input = page.locator(`[data-row="${name}"] input`)
    await input.fill(text)
    expect(await problem(name)).toBe(wanted)
    expect(await page.getByRole('alert').textContent()).toContain('another value')
    expect(await page.getByRole('button', { name: 'Run' }).isDisabled()).toBe(true)
    // What was shown stays, and comes back to life with a good value.
    expect(await column(3)).toHaveLength(4)
    await input.fill('3')
    expect(await problem(name)).toBe('')
    expect(await page.getByRole('button', { name: 'Run' }).isEnabled()).toBe(true)
  })

  test('says what the library says when fields do not go together', async () => {
    await open('#wait=waitRandom&waitRandom.min=2000')
    expect(await page.getByRole('alert').textContent()).toBe('min must be max (1000) or less; got 2000')
  })

  test('a link with nonsense in it opens', async () => {
    await open('#maxTries=%3Cscript%3E&wait=nothing&breaker=maybe')
    expect(await problem('maxTries')).toBe('Needs a number from 1 to 100.')
  })

  test('runs against the simulated service: circuit, hedges, waits', async () => {
    await open('#breaker=true&failureThreshold=3&recoveryTimeout=3000&hedge=true&failures=30&slow=20&calls=15&every=800&speed=10&maxTries=4&outageFrom=4000&outageFor=4000&seed=7')
    await page.getByRole('button', { name: 'Run' }).click()
    await page.waitForTimeout(900)
    await picture('running')
    await ended('Done')
    expect(await number('calls')).toBe('15')
    expect(Number(await number('succeeded')) + Number(await number('failed'))).toBe(15)
    expect(Number(await number('requests'))).toBeGreaterThan(15)
    expect(Number(await number('refused'))).toBeGreaterThan(0)
    expect(Number(await number('further copies'))).toBeGreaterThan(0)
    expect(await number('circuit')).toBe('closed')
    expect(await page.locator('#timeline .circuit.open').count()).toBeGreaterThan(0)
    expect(await page.locator('#timeline .request').count()).toBe(Number(await number('requests')))
    await picture('done')
  })

  test('nothing fails where nothing is set to fail', async () => {
    await open('#failures=0&slow=0&outageFor=0&calls=5&every=100&speed=50')
    await page.getByRole('button', { name: 'Run' }).click()
    await ended('Done: 5 of 5 calls succeeded.')
    expect([await number('requests'), await number('refused'), await number('further copies')]).toEqual(['5', '0', '0'])
  })

  test('stops when told to', async () => {
    await open('#speed=1')
    await page.getByRole('button', { name: 'Run' }).click()
    await page.waitForTimeout(100)
    await page.getByRole('button', { name: 'Stop' }).click()
    await ended('Stopped')
    expect(await number('cut off')).toBe('1')
  })

  test('copies TypeScript that does the same', async () => {
    await open('#breaker=true&hedge=true&maxTime=60000&timeout=2000&jitter=equalJitter&expo.factor=250')
    await page.getByRole('button', { name: 'Copy' }).click()
    await page.getByText('Copied.').waitFor()
    const copied = await page.evaluate(() => navigator.clipboard.readText())
    expect(copied).toContain('wait: expo({ factor: 250 }),')
    expect(copied).toContain('maxTime: 60_000,')
    expect(copied).toContain('use: [breaker, timeout(2_000), hedging({ wait: 300, maxHedge: 2 })],')
    expect(copied).toBe(await page.locator('#code').textContent())
  })

  test('is used with the keyboard alone', async () => {
    await open('#failures=0&slow=0&outageFor=0&calls=2&every=10&speed=100')
    const focused = (): Promise<string> => page.evaluate(() => document.activeElement?.id ?? '')
    const seen: string[] = []
    for (let i = 0; i < 40 && (await focused()) !== 'start'; i++) {
      await page.keyboard.press('Tab')
      seen.push(await focused())
    }
    expect(seen[0]).toBe('field-wait')
    expect(seen.at(-1)).toBe('start')
    const outline = await page.locator('#start').evaluate((button) => getComputedStyle(button).outlineStyle)
    expect(outline).toBe('solid')
    await page.keyboard.press('Enter')
    await ended('Done: 2 of 2')
  })

  test.each([
    ['phone-light', 'light', 375],
    ['phone-dark', 'dark', 375],
    ['desk-dark', 'dark', 1280],
  ] as const)('%s: everything fits, and can be read', async (name, colorScheme, width) => {
    await page.setViewportSize({ width, height: 800 })
    await page.emulateMedia({ colorScheme })
    await open('#breaker=true&hedge=true&speed=100&calls=8&every=400')
    await page.getByRole('button', { name: 'Run' }).click()
    await ended('Done')
    await page.getByText('As numbers').click()
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width)
    const [text, back] = await page.evaluate(() => {
      const { color, backgroundColor } = getComputedStyle(document.body)
      return [color, backgroundColor]
    })
    expect(contrast(text!, back!)).toBeGreaterThan(7)
    await picture(name)
  })

  describe('with a real server', () => {
    const real = (more: Record<string, string> = {}): string =>
      `#${new URLSearchParams({ service: 'url', url: `${origin}api`, calls: '1', maxTries: '3', wait: 'constant', 'constant.interval': '50', jitter: 'null', ...more })}`

    test('fetch is retried until it answers', async () => {
      script = [status(503), (response) => response.destroy(), status(200)]
      await open(real())
      // The browser reports the connection that breaks.
      page.removeAllListeners('console')
      await page.getByRole('button', { name: 'Run' }).click()
      await ended('Done: 1 of 1 calls succeeded. The last one: status 200.')
      expect(requests).toHaveLength(3)
      expect(requests[1]!.at - requests[0]!.at).toBeGreaterThan(45)
    })

    test('a timeout cuts the request that hangs', async () => {
      await open(real({ timeout: '80', maxTries: '2' }))
      await page.getByRole('button', { name: 'Run' }).click()
      await ended('The last one: TimeoutError')
      await soon(() => requests.map(({ cut }) => cut)).toEqual([true, true])
    })

    test('leaving the page aborts the request, and no other one follows', async () => {
      await open(real())
      await page.getByRole('button', { name: 'Run' }).click()
      await soon(() => requests.length).toBe(1)
      await page.goto('about:blank')
      await soon(() => requests[0]!.cut).toBe(true)
      await page.goBack()
      await page.waitForTimeout(200)
      expect(requests).toHaveLength(1)
    })

    test('leaving during a wait ends the call: a page from the back/forward cache does not go on', async () => {
      script = [status(503), status(200)]
      const tab = await openTab(executablePath!, origin + real({ 'constant.interval': '400' }))
      try {
        await soon(() => tab.evaluate('document.querySelector("#start")?.disabled')).toBe(false)
        await tab.evaluate('addEventListener("pageshow", ({ persisted }) => (window.kept = persisted)); document.querySelector("#start").click()')
        await soon(() => requests.length).toBe(1)
        await soon(() => tab.evaluate('document.querySelectorAll("#timeline .wait").length')).toBe(1)
        await tab.go(`${origin}elsewhere`)
        await soon(() => tab.evaluate('location.pathname')).toBe('/elsewhere')
        await tab.back()
        await soon(() => tab.evaluate('window.kept')).toBe(true)
        await new Promise((resolve) => setTimeout(resolve, 600))
        expect(requests).toHaveLength(1)
        expect(await tab.evaluate('document.querySelector("#ended").textContent')).toContain('the page was left')
      } finally {
        await tab.close()
      }
    })

    test('a hidden page waits at least as long as asked, and goes on by itself', async () => {
      script = [status(503), status(503), status(200)]
      const tab = await openTab(executablePath!, origin + real({ 'constant.interval': '100' }))
      try {
        await soon(() => tab.evaluate('document.querySelector("#start")?.disabled')).toBe(false)
        await tab.hide()
        await soon(() => tab.evaluate('document.visibilityState')).toBe('hidden')
        await tab.evaluate('document.querySelector("#start").click()')
        // Timers of a hidden page fire about once a second.
        await soon(() => requests.length).toBe(3)
        expect(requests[1]!.at - requests[0]!.at).toBeGreaterThan(95)
        await soon(() => tab.evaluate('document.querySelector("#ended").textContent')).toContain('Done: 1 of 1')
      } finally {
        await tab.close()
      }
    })

    test('a frozen page sends nothing, and goes on when it is seen again', async () => {
      script = [status(503), status(200)]
      const tab = await openTab(executablePath!, origin + real({ 'constant.interval': '300' }))
      try {
        await soon(() => tab.evaluate('document.querySelector("#start")?.disabled')).toBe(false)
        await tab.evaluate('document.querySelector("#start").click()')
        await soon(() => requests.length).toBe(1)
        await tab.hide()
        await tab.freeze()
        await new Promise((resolve) => setTimeout(resolve, 900))
        expect(requests).toHaveLength(1)
        await tab.thaw()
        await tab.show()
        await soon(() => tab.evaluate('document.querySelector("#ended").textContent')).toContain('Done: 1 of 1')
        expect(requests).toHaveLength(2)
        expect(requests[1]!.at - requests[0]!.at).toBeGreaterThan(900)
      } finally {
        await tab.close()
      }
    })
  })
})

/** The contrast of two colours as WCAG 2 defines it. */
function contrast(...colours: [string, string]): number {
  const [high, low] = colours
    .map((colour) => {
      const [r, g, b] = colour.match(/[\d.]+/g)!.map((part) => {
        const c = Number(part) / 255
        return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
      })
      return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!
    })
    .sort((a, b) => b - a)
  return (high! + 0.05) / (low! + 0.05)
}

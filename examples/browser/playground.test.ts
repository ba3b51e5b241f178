import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { build } from 'vite'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ensure } from '../../scripts/system.mjs'
import { presets } from './src/presets.ts'
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

/** As `expect`, once it holds. A busy machine takes its time. */
const soon = <T>(look: () => T) => expect.poll(look, { timeout: 45_000 })

describe.skipIf(!executablePath)('the playground, in Chromium', { timeout: 90_000 }, () => {
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
    context.setDefaultTimeout(60_000)
    page = await context.newPage()
    page.on('pageerror', (error) => errors.push(error))
    page.on('console', (line) => line.type() === 'error' && !line.text().includes('503') && errors.push(line.text()))
  })

  afterEach(async () => {
    await context.close()
    expect(errors).toEqual([])
  })

  const done = async (): Promise<void> => void (await page.waitForSelector('body[data-state="done"]'))
  /** Opens the page, and waits until all that it plays at once is there. Few clients, where their load is not what is looked at. */
  const open = async (hash = '', clients = '&clients=5'): Promise<void> => {
    await page.goto(`${origin}#${hash}${clients}`)
    await page.reload()
    await done()
  }
  const number = (name: string, which = 'a'): Promise<string | null> => page.locator(`#numbers-${which} [data-number="${name}"]`).textContent()
  const column = (n: number, which = 'a'): Promise<string[]> => page.locator(`#waits-${which} td:nth-child(${n})`).allTextContents()
  const ended = (text: string): Promise<void> => page.locator('#ended', { hasText: text }).waitFor()
  const problem = (name: string): Promise<string | null> => page.locator(`[data-row="${name}"] .problem`).textContent()
  const picture = async (name: string): Promise<void> => {
    if (pictures) await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true })
  }
  /** All that the page says and draws of the calls, and of the load. */
  const everything = (): Promise<string> => page.evaluate(() => ['ended', 'timeline-a', 'timeline-b', 'numbers-a', 'numbers-b', 'load', 'load-numbers-a', 'load-numbers-b'].map((id) => document.querySelector(`#${id}`)!.innerHTML).join('\n'))

  test('plays what is chosen as soon as it is opened, and shows the waits of the policy with their band', async () => {
    await page.goto(origin)
    await done()
    expect(await number('calls')).toBe('12')
    expect(await page.locator('#timeline-a .request').count()).toBe(Number(await number('requests')))
    expect(Number((await page.locator('#load-numbers-a [data-load="requests"]').textContent())!.replace(',', ''))).toBeGreaterThan(2_000)
    expect(await column(2)).toEqual(['0 ms', '0 ms', '0 ms', '0 ms'])
    expect(await column(3)).toEqual(['500 ms', '1 s', '2 s', '4 s'])
    expect(await column(4)).toEqual(['1 s', '2 s', '4 s', '8 s'])
    expect(await column(5)).toEqual(['500 ms', '1.5 s', '3.5 s', '7.5 s'])
    expect(await page.locator('#chart-a canvas').count()).toBe(1)
    expect(await page.locator('#timeline-b').isVisible()).toBe(false)
    await picture('start')
  })

  test('F-63 the same seed gives the same picture in five loads, and another seed another one', async () => {
    const settings = 'failures=40&slow=20&breaker=true&failureThreshold=3&compare=true&b.hedge=true&b.wait=decorrelated'
    const seen: string[] = []
    for (let i = 0; i < 5; i++) {
      await open(`${settings}&seed=1`, '&clients=40')
      seen.push(await everything())
    }
    expect(new Set(seen).size).toBe(1)
    expect(seen[0]).toContain('data-number="requests"')
    await open(`${settings}&seed=2`, '&clients=40')
    expect(await everything()).not.toBe(seen[0])
  })

  test('F-63 what was chosen in between changes nothing', async () => {
    await open('seed=3')
    const before = await everything()
    const seed = page.getByLabel('Seed')
    for (const other of ['4', '5', '33', '3']) await seed.fill(other)
    await done()
    expect(await everything()).toBe(before)
  })

  test('follows what is chosen, with a link to it', async () => {
    await open()
    await page.locator('#field-wait').selectOption('fibo')
    await page.locator('#field-jitter').selectOption('null')
    await page.locator('#field-maxTries').fill('7')
    await page.locator('#field-maxTime').fill('12000')
    expect(await column(3)).toEqual(['1 s', '1 s', '2 s', '3 s'])
    await done()
    const before = await everything()
    const link = new URL(page.url())
    await open(link.hash.slice(1), '')
    expect(await column(3)).toEqual(['1 s', '1 s', '2 s', '3 s'])
    expect(await everything()).toBe(before)
  })

  test('plays two policies side by side, against the same service', async () => {
    await open('maxTries=1&compare=true&b.maxTries=8&failures=50')
    expect(await page.locator('#timeline-b').isVisible()).toBe(true)
    expect(Number(await number('succeeded', 'b'))).toBeGreaterThan(Number(await number('succeeded', 'a')))
    expect(await number('requests', 'a')).toBe('12')
    expect([await column(3, 'a'), await column(3, 'b')]).toEqual([[], expect.arrayContaining(['500 ms', '1 s'])])
    expect(await page.locator('#load .curve').count()).toBe(3)
    await page.getByLabel('Compare with a second policy').uncheck()
    await done()
    expect(await page.locator('#timeline-b').isVisible()).toBe(false)
    expect(page.url()).not.toContain('b.')
  })

  test.each(Object.entries(presets))('%s: can be chosen, has a link, and is known by it', async (name, { title, says }) => {
    await open()
    await page.getByRole('button', { name: title }).click()
    await done()
    expect(await page.locator('#says').textContent()).toBe(says)
    const before = await everything()
    await open(new URL(page.url()).hash.slice(1), '')
    expect(await page.locator(`[data-preset="${name}"]`).getAttribute('aria-pressed')).toBe('true')
    expect(await page.locator('#says').textContent()).toBe(says)
    expect(await everything()).toBe(before)
    expect(await page.locator('#message').textContent()).toBe('')
    await picture(`preset-${name}`)
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
    const before = await everything()
    await input.fill(text)
    expect(await problem(name)).toBe(wanted)
    expect(await page.getByRole('alert').textContent()).toContain('another value')
    // What was shown stays, and comes back to life with a good value.
    expect(await column(3)).toHaveLength(4)
    expect(await everything()).toBe(before)
    await input.fill('3')
    expect(await problem(name)).toBe('')
    expect(await page.locator('#message').textContent()).toBe('')
  })

  test('says what the library says when fields do not go together', async () => {
    await open('wait=waitRandom&waitRandom.min=2000')
    expect(await page.getByRole('alert').textContent()).toBe('min must be max (1000) or less; got 2000')
  })

  test('a link with nonsense in it opens', async () => {
    await open('maxTries=%3Cscript%3E&wait=nothing&breaker=maybe')
    expect(await problem('maxTries')).toBe('Needs a number from 1 to 100.')
    // Nothing was played, so no empty pictures are shown.
    expect(await page.getByRole('alert').textContent()).toBe('Some fields need another value: they say which.')
    expect(await page.locator('#results h2').first().isVisible()).toBe(false)
    await page.locator('#field-maxTries').fill('3')
    await done()
    expect(await page.locator('#timeline-a').isVisible()).toBe(true)
  })

  test('has every part of the page for both policies, told apart by their letters', async () => {
    await open('compare=true')
    expect(await page.locator('article h3').allTextContents()).toEqual(['Policy A', 'Policy B', 'Policy A', 'Policy B', 'Policy A', 'Policy B', 'Policy A', 'Policy B'])
    const ids = await page.evaluate(() => [...document.querySelectorAll('[id]')].map(({ id }) => id))
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.filter((id) => id.includes('?'))).toEqual([])
    for (const id of ids.filter((id) => id.endsWith('-a'))) expect(ids).toContain(id.replace(/-a$/, '-b'))
  })

  test('names each option as the library does, beside its label', async () => {
    await open('breaker=true&hedge=true&budget=true')
    const names = await page.locator('#form [data-row]:not([hidden]) code').allTextContents()
    expect(names).toEqual(['wait', 'factor', 'base', 'maxValue', 'jitter', 'maxTries', 'maxTime', 'timeout()', 'CircuitBreaker', 'trip', 'failureThreshold', 'recoveryTimeout', 'hedging', 'wait', 'maxHedge', 'RetryBudget', 'ratio', 'credit'])
  })

  test('shows the circuit, hedges, waits and refusals', async () => {
    await open('breaker=true&failureThreshold=3&recoveryTimeout=3000&hedge=true&failures=30&slow=20&calls=15&every=800&maxTries=4&outageFrom=4000&outageFor=4000&seed=7')
    expect(await number('calls')).toBe('15')
    expect(Number(await number('succeeded')) + Number(await number('failed'))).toBe(15)
    expect(Number(await number('requests'))).toBeGreaterThan(15)
    expect(Number(await number('refused'))).toBeGreaterThan(0)
    expect(Number(await number('further copies'))).toBeGreaterThan(0)
    expect(await page.locator('#timeline-a .circuit.open').count()).toBeGreaterThan(0)
    expect(await page.locator('#timeline-a .request').count()).toBe(Number(await number('requests')))
    await picture('done')
  })

  test('nothing fails where nothing is set to fail', async () => {
    await open('failures=0&slow=0&outageFor=0&calls=5&every=100')
    await ended('600 ms in no time: 5 of 5 calls succeeded.')
    expect([await number('requests'), await number('refused'), await number('further copies')]).toEqual(['5', '0', '0'])
  })

  test('copies TypeScript that does the same', async () => {
    await open('breaker=true&hedge=true&maxTime=60000&timeout=2000&jitter=equalJitter&expo.factor=250')
    await page.getByRole('button', { name: 'Copy' }).first().click()
    await page.getByText('Copied.').waitFor()
    const copied = await page.evaluate(() => navigator.clipboard.readText())
    expect(copied).toContain('wait: expo({ factor: 250 }),')
    expect(copied).toContain('maxTime: 60_000,')
    expect(copied).toContain('use: [breaker, timeout(2_000), hedging({ wait: 300, maxHedge: 2 })],')
    expect(copied).toBe(await page.locator('#code-a').textContent())
    expect(await page.locator('#code-a .code-string').first().textContent()).toBe(`'@backon/core'`)
    expect(await page.locator('#code-a .code-number').allTextContents()).toContain('60_000')
  })

  test('is used with the keyboard alone', async () => {
    await open()
    const focused = (): Promise<string> => page.evaluate(() => (document.activeElement as HTMLElement).dataset.preset ?? document.activeElement?.id ?? '')
    await page.keyboard.press('Tab')
    expect(await focused()).toBe('storm')
    expect(await page.locator('[data-preset="storm"]').evaluate((button) => getComputedStyle(button).outlineStyle)).toBe('solid')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await done()
    expect(await page.locator('[data-preset="outage"]').getAttribute('aria-pressed')).toBe('true')
    for (let i = 0; i < 40 && (await focused()) !== 'field-wait'; i++) await page.keyboard.press('Tab')
    await page.keyboard.type('fibo')
    await done()
    expect(await column(3)).toEqual(['500 ms', '500 ms', '1 s', '1.5 s'])
  })

  test.each([
    ['phone-light', 'light', 390],
    ['phone-dark', 'dark', 390],
    ['desk-light', 'light', 1280],
    ['desk-dark', 'dark', 1280],
  ] as const)('%s: everything fits, can be read, and the picture comes first', async (name, colorScheme, width) => {
    await page.setViewportSize({ width, height: 844 })
    await page.emulateMedia({ colorScheme })
    await open('breaker=true&compare=true&b.hedge=true&calls=8&every=400')
    const top = async (selector: string): Promise<number> => (await page.locator(selector).boundingBox())!.y
    expect(await top('#timeline-a')).toBeLessThan(420)
    if (width < 1_000) expect(await top('#timeline-a')).toBeLessThan(await top('#form'))
    await page.getByText('As numbers').first().click()
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width)
    const colours = await page.evaluate(() =>
      ['body', '#says', '.row code', '.code-string', '.code-number', '.code-keyword', '.code-call', '[aria-pressed]'].map((selector) => {
        const element = document.querySelector(selector)!
        let behind: Element | null = element
        while (behind && getComputedStyle(behind).backgroundColor === 'rgba(0, 0, 0, 0)') behind = behind.parentElement
        return [selector, getComputedStyle(element).color, getComputedStyle(behind ?? document.body).backgroundColor] as const
      }),
    )
    for (const [selector, text, back] of colours) expect(contrast(text, back), selector).toBeGreaterThan(4.5)
    await picture(name)
  })

  describe('with a real server', () => {
    const real = (more: Record<string, string> = {}): string =>
      `${new URLSearchParams({ service: 'url', url: `${origin}api`, calls: '1', maxTries: '3', wait: 'constant', 'constant.interval': '50', jitter: 'null', ...more })}`

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

    test('nobody is called before the button is pressed', async () => {
      await open(real())
      await page.locator('#field-maxTries').fill('5')
      await ended('when you say so')
      expect(requests).toEqual([])
      expect(await page.locator('#load-section').isVisible()).toBe(false)
    })

    test('stops when told to', async () => {
      await open(real())
      await page.getByRole('button', { name: 'Run' }).click()
      await soon(() => requests.length).toBe(1)
      await page.getByRole('button', { name: 'Stop' }).click()
      await ended('Stopped')
      expect(await number('cut off')).toBe('1')
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
      // Loaded anew, or brought back: then its call is over, and what is over asks no more.
      await soon(() => page.locator('#ended').textContent()).toMatch(/when you say so|the page was left/)
      expect(requests).toHaveLength(1)
    })

    test('leaving during a wait ends the call: a page from the back/forward cache does not go on', async () => {
      script = [status(503), status(200)]
      const tab = await openTab(executablePath!, `${origin}#` + real({ 'constant.interval': '400' }))
      try {
        await soon(() => tab.evaluate('document.querySelector("#start")?.disabled')).toBe(false)
        await tab.evaluate('addEventListener("pageshow", ({ persisted }) => (window.kept = persisted)); document.querySelector("#start").click()')
        await soon(() => requests.length).toBe(1)
        await soon(() => tab.evaluate('document.querySelectorAll("#timeline-a .wait").length')).toBe(1)
        await tab.go(`${origin}elsewhere`)
        await soon(() => tab.evaluate('location.pathname')).toBe('/elsewhere')
        await tab.back()
        await soon(() => tab.evaluate('window.kept')).toBe(true)
        // The call is over: what is over asks no more.
        await soon(() => tab.evaluate('document.querySelector("#ended").textContent')).toContain('the page was left')
        expect(requests).toHaveLength(1)
      } finally {
        await tab.close()
      }
    })

    test('a hidden page waits at least as long as asked, and goes on by itself', async () => {
      script = [status(503), status(503), status(200)]
      const tab = await openTab(executablePath!, `${origin}#` + real({ 'constant.interval': '100' }))
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
      const tab = await openTab(executablePath!, `${origin}#` + real({ 'constant.interval': '300' }))
      try {
        await soon(() => tab.evaluate('document.querySelector("#start")?.disabled')).toBe(false)
        await tab.evaluate('document.querySelector("#start").click()')
        await soon(() => requests.length).toBe(1)
        await tab.hide()
        await tab.freeze()
        // There is nothing to wait for but time, which a frozen page does not notice. A busy machine only makes it longer.
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

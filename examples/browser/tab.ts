import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A tab of a Chromium of its own, which can really be hidden: Playwright makes each page believe that it is seen. */
export interface Tab {
  /** Evaluates an expression in the page. */
  evaluate(expression: string): Promise<unknown>
  hide(): Promise<void>
  show(): Promise<void>
  /** What a browser does with a hidden page after a while: nothing of it runs, until `thaw`. */
  freeze(): Promise<void>
  thaw(): Promise<void>
  go(url: string): Promise<void>
  /** Goes back in the history. */
  back(): Promise<void>
  close(): Promise<void>
}

/** Opens a page in a new headless Chromium, spoken to in its own protocol. */
export async function openTab(executable: string, url: string): Promise<Tab> {
  const profile = mkdtempSync(join(tmpdir(), 'backon-chromium-'))
  const browser = spawn(executable, ['--headless=new', '--no-sandbox', '--no-first-run', '--remote-debugging-port=0', `--user-data-dir=${profile}`, 'about:blank'], { stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = new Promise<void>((resolve) => browser.once('exit', () => resolve()))
  const address = await new Promise<string>((resolve, reject) => {
    let said = ''
    browser.stderr.on('data', (text) => {
      said += text
      const found = /ws:\/\/\S+/.exec(said)
      if (found) resolve(found[0])
    })
    browser.once('error', reject)
    void ended.then(() => reject(new Error(said)))
  })

  const socket = new WebSocket(address)
  await new Promise((resolve) => socket.addEventListener('open', resolve))
  const waiting = new Map<number, { resolve: (result: any) => void; reject: (error: Error) => void }>()
  socket.addEventListener('message', ({ data }) => {
    const { id, result, error } = JSON.parse(String(data))
    if (error) waiting.get(id)?.reject(new Error(error.message))
    else waiting.get(id)?.resolve(result)
    waiting.delete(id)
  })
  let last = 0
  const send = (method: string, params: object = {}, sessionId?: string): Promise<any> =>
    new Promise((resolve, reject) => {
      waiting.set(++last, { resolve, reject })
      socket.send(JSON.stringify({ id: last, method, params, sessionId }))
    })

  const { targetInfos } = await send('Target.getTargets')
  const { targetId } = targetInfos.find(({ type }: { type: string }) => type === 'page')
  const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true })
  const other = await send('Target.createTarget', { url: 'about:blank' })
  const show = (targetId: string) => async () => void (await send('Target.activateTarget', { targetId }))
  const life = (state: string) => async () => void (await send('Page.setWebLifecycleState', { state }, sessionId))
  await show(targetId)()
  const go = async (url: string): Promise<void> => void (await send('Page.navigate', { url }, sessionId))
  await go(url)
  return {
    go,
    async back() {
      const { currentIndex, entries } = await send('Page.getNavigationHistory', {}, sessionId)
      await send('Page.navigateToHistoryEntry', { entryId: entries[currentIndex - 1].id }, sessionId)
    },
    evaluate: async (expression) => (await send('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true }, sessionId)).result?.value,
    show: show(targetId),
    hide: show(other.targetId),
    freeze: life('frozen'),
    thaw: life('active'),
    async close() {
      socket.send(JSON.stringify({ id: ++last, method: 'Browser.close' }))
      await ended
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

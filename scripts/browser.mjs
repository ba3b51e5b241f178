import { createRequire } from 'node:module'
import { ensure } from './system.mjs'

/**
 * Starts Debian's Chromium, where there is one or can be.
 *
 * @returns {Promise<{ launched: import('playwright-core').Browser, why?: undefined } | { launched?: undefined, why: string }>}
 */
export async function openBrowser() {
  const { path, why } = ensure('chromium')
  if (!path) return { why }
  // The playground, which is tested with it, has it.
  const { chromium } = createRequire(new URL('../examples/browser/package.json', import.meta.url))('playwright-core')
  return { launched: await chromium.launch({ executablePath: path, args: ['--no-sandbox'] }) }
}

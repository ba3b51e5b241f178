// Draws website/social-card.svg into website/public/social-card.png: `npx pnpm exec node scripts/social-card.mjs`, after it was changed.
import { readFileSync } from 'node:fs'
import { openBrowser } from './browser.mjs'

const browser = await openBrowser()
if (!browser.launched) throw new Error(browser.why)
const page = await browser.launched.newPage({ viewport: { width: 1200, height: 630 } })
await page.setContent(`<body style="margin:0">${readFileSync('website/social-card.svg', 'utf8')}`)
await page.screenshot({ path: 'website/public/social-card.png' })
await browser.launched.close()

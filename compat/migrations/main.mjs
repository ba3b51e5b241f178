// Tries all claims; prints each with what it gave, as JSON, for ../migrations.mjs.
import { claims } from './claims.mjs'

const results = []
for (const { page, claim, theirs, ours, gives } of claims) {
  const gave = [await theirs(), await ours()]
  results.push({ page, claim, gave, ok: JSON.stringify(gave) === JSON.stringify(gives) })
}
process.stdout.write(JSON.stringify(results), () => process.exit())

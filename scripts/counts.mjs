import { appendFileSync } from 'node:fs'

/**
 * Hands a check's counts to scripts/test.mjs, which sums them; prints them when the check was started by hand.
 *
 * @param {{ passed?: number, failed?: number, skipped?: number }} counts
 */
export function report({ passed = 0, failed = 0, skipped = 0 }) {
  const file = process.env.BACKON_COUNTS
  if (file) appendFileSync(file, `${JSON.stringify({ passed, failed, skipped })}\n`)
  else console.log(line({ passed, failed, skipped }))
}

/** The one line that CI reads. */
export const line = ({ passed, failed, skipped }) => `${passed} passed, ${failed} failed, ${skipped} skipped`

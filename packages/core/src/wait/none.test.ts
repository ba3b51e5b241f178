import { expect, test } from 'vitest'
import type { Details } from '../types.ts'
import { waitNone } from './none.ts'

test('waits 0 and needs no clock', () => {
  expect(waitNone()({ tries: 9 } as Details)).toBe(0)
  expect(waitNone().timeless).toBe(true)
})

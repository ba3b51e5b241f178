import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Agenda, type Entry } from './agenda.ts'

it('gives entries by due time, then by order, whatever was taken out in between', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(50), fc.nat(3).map((one) => one === 0), fc.nat()), { maxLength: 150, size: 'max' }), (steps) => {
      const agenda = new Agenda()
      let expected: Entry[] = []
      for (const [order, [due, remove, which]] of steps.entries()) {
        if (remove && expected.length > 0) {
          const gone = expected[which % expected.length]!
          agenda.remove(gone)
          agenda.remove(gone)
          expected = expected.filter((entry) => entry !== gone)
        } else expected.push(agenda.add(due, order, () => {}))
        expect(agenda.size).toBe(expected.length)
      }
      expected.sort((a, b) => a.due - b.due || a.order - b.order)
      for (const entry of expected) {
        expect(agenda.first).toBe(entry)
        agenda.remove(entry)
      }
      expect(agenda.first).toBe(undefined)
    }),
  )
})

it('F-61 looks at few entries to find the next one: ten times as many cost little more than ten times as much', () => {
  let looks = 0
  // Compared by its value, and every comparison is counted.
  const due = (ms: number): number => ({ valueOf: () => (looks++, ms) }) as never
  const cost = (entries: number): number => {
    looks = 0
    const agenda = new Agenda()
    const added = Array.from({ length: entries }, (_, i) => agenda.add(due((i * 7_919) % entries), i, () => {}))
    for (const entry of added.slice(0, entries / 2)) agenda.remove(entry)
    while (agenda.first) agenda.remove(agenda.first)
    return looks
  }
  expect(cost(20_000) / cost(2_000)).toBeLessThan(15)
})

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

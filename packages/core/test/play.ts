import { override } from '../src/seams/override.ts'
import type { Details, Wait } from '../src/types.ts'

/** The waits of the first tries, each told of the one before, while every draw is the same. */
export const play = (wait: Wait, draw: number, count: number): number[] => {
  const undo = override({ random: () => draw })
  try {
    let previousWait = 0
    return Array.from({ length: count }, (_, n) => (previousWait = wait({ tries: n + 1, previousWait } as Details)!))
  } finally {
    undo()
  }
}

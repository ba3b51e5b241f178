import { clock } from '@backon/core'
import { arm, type TimerHolder } from '@backon/core/kit'

/** Waits for work, at most so many ms; says whether it has ended in time. The work goes on. */
export const within = (ms: number, work: PromiseLike<unknown>): Promise<boolean> =>
  new Promise((resolve) => {
    const time = clock()
    const holder: TimerHolder = { timer: undefined }
    arm(holder, time, ms, () => resolve(false))
    void work.then(() => {
      time.clearTimeout(holder.timer)
      resolve(true)
    })
  })

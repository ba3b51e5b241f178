import type { Settings } from './settings.ts'

/** A situation worth looking at: what is chosen for it, and what there is to see. */
export interface Preset {
  readonly title: string
  readonly says: string
  readonly settings: Settings
}

const second = (policy: Settings): Settings => ({ compare: true, ...Object.fromEntries(Object.entries(policy).map(([name, value]) => [`b.${name}`, value])) })

const calm = { failures: 0, slow: 0, outageFor: 0 }
const outage = { ...calm, failures: 2, outageFrom: 8_000, outageFor: 30_000, calls: 24, every: 2_000, duration: 60_000 }

/** By their names. */
export const presets: Readonly<Record<string, Preset>> = {
  storm: {
    title: 'Retry storm',
    says: 'The service is down for 10 s. A tries again at once, ten times: that multiplies the load just when there is least room. B waits longer each time, with jitter, and stops at an open circuit.',
    settings: {
      ...calm, failures: 2, outageFrom: 8_000, outageFor: 10_000,
      wait: 'constant', 'constant.interval': 100, jitter: 'null', maxTries: 10,
      ...second({ maxTries: 3, breaker: true, failureThreshold: 3 }),
    },
  },
  outage: {
    title: '30 s outage',
    says: 'A tries five times in all: some calls outlive the outage, most fail, and all of them wait. B opens its circuit: callers know at once, and single probes find the service again.',
    settings: { ...outage, ...second({ maxTries: 3, breaker: true, failureThreshold: 4, recoveryTimeout: 5_000 }) },
  },
  budget: {
    title: 'A budget',
    says: 'The service is down for 30 s, and says 429 above half of its usual load. Both try five times; B may only retry as often as its budget allows: one retry for ten successes. It fails more, and adds next to no load.',
    settings: { ...outage, failures: 10, limit: 50, maxTries: 5, 'expo.factor': 250, ...second({ maxTries: 5, 'expo.factor': 250, budget: true }) },
  },
  limited: {
    title: 'Rate limited',
    says: 'The service answers 429 above three quarters of its usual load, and says when to come back. A guesses; B waits as long as it was told.',
    settings: { ...calm, limit: 75, calls: 24, every: 1_000, maxTries: 5, 'expo.factor': 250, ...second({ wait: 'retryAfter', maxTries: 5 }) },
  },
  tail: {
    title: 'Slow tail',
    says: 'One answer in twenty takes 2 s. Retries do not help with that: nothing fails. B sends a second copy after 300 ms, and takes the answer that comes first.',
    settings: { ...calm, slow: 5, seed: 13, calls: 30, every: 500, maxTries: 1, ...second({ maxTries: 1, hedge: true }) },
  },
  opossum: {
    title: "opossum's defaults",
    says: 'A is what opossum does: no retry, 10 s for each call, the circuit opens at half of the calls of the last 10 s and stays open for 30 s. B retries, and lets a probe through every 5 s: it is back soon after the service is.',
    settings: {
      ...outage, outageFor: 15_000,
      maxTries: 1, timeout: 10_000, breaker: true, trip: 'share', failureRate: 50, window: 10_000, minimumCalls: 1, recoveryTimeout: 30_000,
      ...second({ maxTries: 3, breaker: true }),
    },
  },
  pRetry: {
    title: "p-retry's defaults",
    says: 'A is what p-retry does: ten retries, 1 s and then twice as long each time, no jitter: clients that failed together come back together. B is three tries with full jitter, the defaults here.',
    settings: { ...calm, failures: 5, outageFrom: 8_000, outageFor: 10_000, jitter: 'null', maxTries: 11, ...second({ maxTries: 3 }) },
  },
}

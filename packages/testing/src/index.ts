export { virtualClock, type VirtualClock, type VirtualClockOptions } from './clock.ts'
export { randomFrom, seededRandom, type SeededRandom } from './random.ts'
export { chaos, type ChaosOptions, type Fault, FaultError, flaky, scripted, slow } from './faults.ts'
export type { Step } from './steps.ts'

import CircuitBreaker from 'opossum'

export const name = 'opossum'
export const packages = ['opossum']

export const breaker = (failures) => {
  const circuit = new CircuitBreaker((fn) => fn(), { timeout: false, volumeThreshold: failures, errorThresholdPercentage: 50, resetTimeout: 60_000 })
  return (fn) => circuit.fire(fn)
}

/** One signal for those that are there. A single one is handed on as it is. */
export function signalOf(...given) {
  const signals = given.filter(Boolean)
  return signals.length > 1 ? AbortSignal.any(signals) : signals[0]
}

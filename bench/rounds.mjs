import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collectGarbage = globalThis.gc ?? runInNewContext('gc')

/**
 * Times contenders against a baseline in interleaved rounds and gives, for each, medians over the rounds.
 * In a round every contender has one sample (a loop of awaited calls) in a random order, directly before or
 * after a sample of the baseline, so that a slow moment of the machine falls on both sides of the ratio.
 *
 * A contender is `{ call, baseline }`: `call` is what one turn of the loop awaits, `baseline` the function that it
 * is divided by. `calls` fixes the number of calls in a sample and `prepare(calls)` runs, untimed, before each one.
 */
export async function measure(contenders, { rounds, sampleMs }) {
  const sampleOf = new Map()
  const entrants = []
  for (const { call, baseline, calls, prepare } of contenders) {
    if (!sampleOf.has(baseline)) sampleOf.set(baseline, await sampler(baseline, sampleMs))
    entrants.push({
      own: await sampler(call, sampleMs, calls, prepare),
      base: sampleOf.get(baseline),
      times: [],
      ratios: [],
      timersLeft: 0,
    })
  }
  for (let round = 0; round < rounds; round++) {
    // A minor one: a full collection lets V8 drop optimized code, and the rows then measure its return.
    collectGarbage({ type: 'minor' })
    for (const entrant of shuffled(entrants)) {
      const timers = activeTimers()
      let base = round % 2 ? undefined : await entrant.base()
      const own = await entrant.own()
      base ??= await entrant.base()
      entrant.timersLeft = Math.max(entrant.timersLeft, activeTimers() - timers)
      entrant.times.push(own)
      entrant.ratios.push(own / base)
    }
  }
  return entrants.map(({ times, ratios, timersLeft }) => ({
    nanoseconds: quantile(times, 0.5),
    ratio: quantile(ratios, 0.5),
    spread: [quantile(ratios, 0.25), quantile(ratios, 0.75)],
    timersLeft,
  }))
}

let loops = 0

/** Makes a sample: nanoseconds a call over a loop long enough to last `sampleMs`, warmed up. */
async function sampler(call, sampleMs, calls, prepare) {
  // A loop of its own, from a source of its own: otherwise what V8 learns about one contender slows the next one.
  const loop = new Function('call', `/* ${++loops} */ return async n => { for (let i = 0; i < n; i++) await call() }`)(call)
  const sample = async (n) => {
    await prepare?.(n)
    // What ran before has left the caches and the young heap to it.
    if (!calls) await loop(n >> 3)
    const start = process.hrtime.bigint()
    await loop(n)
    return Number(process.hrtime.bigint() - start) / n
  }
  let warm = await sample(calls ?? 200)
  const until = performance.now() + 40 * sampleMs
  while (performance.now() < until) {
    warm = await sample(calls ?? Math.max(20, Math.round((sampleMs * 1e6) / warm)))
  }
  const settled = calls ?? Math.max(20, Math.round((sampleMs * 1e6) / warm))
  return () => sample(settled)
}

const activeTimers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length

function shuffled(list) {
  const deck = [...list]
  for (let i = deck.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1))
    ;[deck[i], deck[j]] = [deck[j], deck[i]]
  }
  return deck
}

function quantile(values, q) {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (sorted.length - 1) * q
  const low = sorted[Math.floor(at)]
  return low + (sorted[Math.ceil(at)] - low) * (at % 1)
}

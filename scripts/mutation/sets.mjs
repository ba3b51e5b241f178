/**
 * What is mutated, and the tests that have to notice: cheap ones first, as the first that fails ends the matter. Real servers, programs
 * run in a process of their own and the statistics of many draws are left out, and so are the tests of `slow`: they would be asked about
 * every survivor.
 *
 * `runs` is `RUNS` for the tests that play random scenarios. Paths are of packages/.
 *
 * @type {{ name: string, mutate: string[], tests: string[], runs?: number }[]}
 */
export const sets = [
  {
    name: 'breaker',
    mutate: ['breaker/src/{machine,trip,probes,transitions,run,breaker,breakers}.ts'],
    // breaker.test.ts comes last: in one process vitest leaves its false timers to the next file.
    tests: ['breaker/src/{evidence,breakers,level,sharing,retrying}.test.ts', 'breaker/src/{machine,recovery,trip}.test.ts', '../test/given.test.ts', 'breaker/src/{model,breaker}.test.ts'],
    runs: 200,
  },
  {
    name: 'hedge',
    mutate: ['hedge/src/{pace,outcome,race,judge,percentile,follow,options}.ts'],
    tests: ['hedge/src/{hedging,percentile,hedge,replicas}.test.ts', 'hedge/src/race.test.ts', '../test/given.test.ts'],
  },
  {
    name: 'engine',
    mutate: ['core/src/engine/{decide,conclude,call,cut,follow,tell,loop,loop-sync,attempt}.ts', 'core/src/shells/{iterate,retrying,keep}.ts'],
    tests: [
      'core/src/{seams/events,engine/target,engine/attempt,engine/cut,condition/conditions,stop/stops,wait/ask}.test.ts',
      'core/src/shells/{retry,retry-sync,iterate,retrying,keep,caller}.test.ts',
      'core/src/plugins/*.test.ts',
      'core/src/shells/{faults,parity}.test.ts',
      'core/src/engine/reliability.test.ts',
      '../test/given.test.ts',
      'core/src/engine/{model,differential}.test.ts',
    ],
    runs: 500,
  },
  {
    name: 'strategies',
    mutate: ['core/src/{wait,stop,condition,jitter}/*.ts'],
    tests: ['core/src/{wait,stop,condition,jitter}/*.test.ts', '../test/given.test.ts'],
  },
  {
    name: 'limit',
    mutate: ['limit/src/{bounds,budget,limit,queue,rate,throttle,aimd,read}.ts'],
    tests: ['limit/src/{budget,throttle,nested}.test.ts', 'limit/src/limit.test.ts', '../test/given.test.ts'],
  },
  {
    name: 'fetch',
    mutate: ['fetch/src/request/{methods,facts}.ts', 'fetch/src/verdict/{statuses,network,hop,hints,failure}.ts', 'fetch/src/body/answers.ts', 'fetch/src/{wait,failures,call,attempt}.ts'],
    tests: ['fetch/src/verdict/hop.test.ts', 'fetch/src/{layers,fetch}.test.ts', 'fetch/src/{time,resume}.test.ts', '../test/given.test.ts', 'fetch/src/{executed-once,attacks,sockets}.test.ts'],
  },
]

/** Tests of these files that count memory, sockets or many thousands of calls, by the words they begin with. */
export const slow = [
  'a breaker that nobody keeps disappears',
  'of any number',
  'agrees, call by call, with a count over all of',
  'holds its invariants on every path',
  '16,000 of them pass',
  'cost the same each',
  'allows its share at 10,000 calls',
  'some at a time leave no',
  'loops and scopes leave none',
  'all at once leave no',
  '20,000 calls of a policy',
  'RT-18 grows from the base',
  'invariant:',
  'F-01 reaches a body after a garbage collection',
  'has at most one listener, whatever the calls do',
  'its timer keeps no process alive',
  'still has one when 2,000 answers',
  'never a mixture of two versions',
  'the scenarios reach every event',
]

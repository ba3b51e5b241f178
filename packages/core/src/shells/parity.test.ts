import { afterEach, describe, expect, test } from 'vitest'
import { brief, follow, play, type Scenario, scenarios, type Stage } from '../../test/scenarios.ts'
import { virtualTime } from '../../test/time.ts'
import { retryingCaller, retryingCallerSync } from './caller.ts'
import { expo } from '../wait/expo.ts'
import { onException, onExceptionSync, onPredicate, onPredicateSync } from './decorate.ts'
import { override } from '../seams/override.ts'
import { Retrying } from './retrying.ts'
import { retrySync } from './retry-sync.ts'
import { retry } from './retry.ts'
import type { Options, Undo } from '../types.ts'
import { use } from '../seams/use.ts'

type Work = () => any
type Entry = (work: Work, options: Options) => any

const legacy = (decorate: any, work: Work): any => {
  const prototype = { job: work }
  // What `experimentalDecorators` compiles to.
  Object.defineProperty(prototype, 'job', decorate(prototype, 'job', Object.getOwnPropertyDescriptor(prototype, 'job')))
  return prototype.job()
}

const undos: Undo[] = []
afterEach(() => undos.splice(0).forEach((undo) => undo()))

const entries: Record<string, Entry> = {
  'retry': (work, options) => retry(work, options),
  'retry of an async function': (work, options) => retry(async () => work(), options),
  'retry of a thenable': (work, options) => retry(() => {
    const promise = new Promise((done) => done(work()))
    return { then: (resolve: any, reject: any) => void promise.then(resolve, reject) }
  }, options),
  'retrySync': (work, options) => retrySync(work, options),
  'Retrying.call': (work, options) => new Retrying(options).call(work),
  'Retrying.callSync': (work, options) => new Retrying(options).callSync(work),
  'Retrying.wrap': (work, options) => new Retrying(options).wrap(work)(),
  'Retrying.copy': (work, options) => new Retrying({ ...options, name: 'another' }).copy({ maxTries: undefined, ...options }).call(work),
  'Retrying as a plugin': (work, options) => retry(work, { maxTries: 1, use: [new Retrying(options)] }),
  'for await': async (work, options) => {
    let result: unknown
    for await (const attempt of new Retrying(options)) result = await attempt.run(work)
    return result
  },
  'for': (work, options) => {
    let result: unknown
    for (const attempt of new Retrying(options)) result = attempt.run(work)
    return result
  },
  'onException': (work, options) => onException(options.wait, options.exception, options)(work)(),
  'onExceptionSync': (work, options) => onExceptionSync(options.wait, options.exception, options)(work)(),
  'onException as a TC39 decorator': (work, options) => {
    class Service {
      @onException(options.wait, options.exception, options)
      job(): unknown {
        return work()
      }
    }
    return new Service().job()
  },
  'onExceptionSync as a TC39 decorator': (work, options) => {
    class Service {
      @onExceptionSync(options.wait, options.exception, options)
      job(): unknown {
        return work()
      }
    }
    return new Service().job()
  },
  'onException as a legacy decorator': (work, options) => legacy(onException(options.wait, options.exception, options), work),
  'onExceptionSync as a legacy decorator': (work, options) => legacy(onExceptionSync(options.wait, options.exception, options), work),
  'onException.retryWith': (work, options) => onException(5, undefined, { ...options, name: 'another' })(work).retryWith({ ...options, wait: options.wait ?? expo() })(),
  'retryingCaller': (work, options) => retryingCaller(options)(work),
  'retryingCallerSync': (work, options) => retryingCallerSync(options)(work),
  'retryingCaller.on': (work, options) => retryingCaller(options.exception ? { ...options, exception: TypeError } : options).on(options.exception as never)(work),
  'retryingCallerSync.copy': (work, options) => retryingCallerSync({ ...options, name: 'another' }).copy({ name: options.name })(work),
  'override': (work, options) => {
    undos.push(override(options))
    return retry(work)
  },
  'override, in a synchronous call': (work, options) => {
    undos.push(override(options))
    return retrySync(work)
  },
  'override, through a policy made before': (work, options) => {
    const retrying = new Retrying()
    undos.push(override(() => options))
    return retrying.call(work)
  },
  'use': (work, options) => {
    for (const plugin of options.use ?? []) undos.push(use(plugin))
    return retry(work, { ...options, use: undefined })
  },
  'use, through a policy made before': (work, options) => {
    const retrying = new Retrying({ ...options, use: undefined })
    for (const plugin of options.use ?? []) undos.push(use(plugin))
    return retrying.callSync(work)
  },
}

/** What needs a predicate: without one they retry falsy values. */
const predicateEntries: Record<string, Entry> = {
  'onPredicate': (work, options) => onPredicate(options.wait, options)(work)(),
  'onPredicateSync': (work, options) => onPredicateSync(options.wait, options)(work)(),
  'onPredicate as a legacy decorator': (work, options) => legacy(onPredicate(options.wait, options), work),
  'onPredicateSync as a legacy decorator': (work, options) => legacy(onPredicateSync(options.wait, options), work),
  'onPredicate as a TC39 decorator': (work, options) => {
    class Service {
      @onPredicate(options.wait, options)
      job(): unknown {
        return work()
      }
    }
    return new Service().job()
  },
  'onPredicateSync as a TC39 decorator': (work, options) => {
    class Service {
      @onPredicateSync(options.wait, options)
      job(): unknown {
        return work()
      }
    }
    return new Service().job()
  },
}

const traceOf = async (scenario: Scenario, entry: Entry): Promise<unknown[]> => {
  const stage: Stage = { time: virtualTime(), controller: new AbortController(), trace: [] }
  undos.push(override({ clock: stage.time, random: () => 0.5 }))
  const work = play(scenario, stage)
  // The iterator's body has no function until it runs one: a name that all share.
  const options = Object.freeze({ name: 'job', ...scenario.options(stage) })
  await follow(stage, () => entry(work, options))
  undos.splice(0).forEach((undo) => undo())
  expect(stage.time.pending, 'timers left').toBe(0)
  return stage.trace
}

describe('RT-46 every option means the same through every entry point', () => {
  const traces = new Map<Scenario, Promise<unknown[]>>()
  const expectedOf = (scenario: Scenario): Promise<unknown[]> => {
    if (!traces.has(scenario)) traces.set(scenario, traceOf(scenario, entries['retry']!))
    return traces.get(scenario)!
  }

  test.each(scenarios.map((scenario) => [scenario.title, scenario] as const))('%s', async (_, scenario) => {
    const trace = await expectedOf(scenario)
    expect(brief(trace)).toBe(scenario.expected)
    for (const who of ['plugin', 'outer', 'inner']) {
      const told = trace.filter((line) => Array.isArray(line) && line[0] === who).map((line: any) => line[1] as string)
      const ends = told.filter((event) => ['onSuccess', 'onGiveup', 'onAbort'].includes(event))
      expect(ends, `the ends that ${who} is told`).toHaveLength(told.includes('onAttempt') || ends.length > 0 ? 1 : 0)
      if (ends.length > 0) expect(told.at(-1)).toBe(ends[0])
    }
  })

  test.each(Object.entries(entries))('%s', async (_, entry) => {
    for (const scenario of scenarios) {
      expect(await traceOf(scenario, entry), scenario.title).toEqual(await expectedOf(scenario))
    }
  })

  test.each(Object.entries(predicateEntries))('%s', async (_, entry) => {
    const own = scenarios.filter(({ options, steps }) => {
      const { predicate, condition, exception, enabled } = options({ time: virtualTime(), controller: new AbortController(), trace: [] })
      return predicate || (condition && !exception) || enabled === false || (steps.length === 1 && steps[0] === 'ok')
    })
    expect(own.length).toBeGreaterThan(20)
    for (const scenario of own) expect(await traceOf(scenario, entry), scenario.title).toEqual(await expectedOf(scenario))
  })
})

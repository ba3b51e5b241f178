import type { Options } from '@backon/core'
import { simulate, type Simulation } from '@backon/testing'
import { buildPolicy } from './policy.ts'
import { simulated } from './service.ts'
import type { Settings } from './settings.ts'

/** What many clients do to the service, second by second. Those of one process share a breaker, and a budget. */
export const load = (settings: Settings, policy: Settings): Promise<Simulation> => {
  const { clients, processes, pause, duration, seed } = settings as Record<string, number>
  const service = simulated(settings, clients! / pause!)
  // Made when they are first asked for: then time is virtual.
  const policies: Options[] = []
  return simulate({
    clients: clients!,
    duration: duration!,
    arrival: { pause: pause! },
    service: ({ signal }, client) => service(signal, client),
    policy: (client) => (policies[client % processes!] ??= buildPolicy(policy).options),
    seed: seed!,
  })
}

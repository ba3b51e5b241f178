import { simulate, type Simulation } from '@backon/testing'
import { buildPolicy } from './policy.ts'
import { simulated } from './service.ts'
import type { Settings } from './settings.ts'

/** What many clients do to the service, second by second. Each has a breaker of its own, as processes do. */
export const load = (settings: Settings, policy: Settings): Promise<Simulation> => {
  const { clients, pause, duration, seed } = settings as Record<string, number>
  const service = simulated(settings, clients! / pause!)
  return simulate({
    clients: clients!,
    duration: duration!,
    arrival: { pause: pause! },
    service: ({ signal }, client) => service(signal, client),
    policy: () => buildPolicy(policy).options,
    seed: seed!,
  })
}

import { clock } from '@backon/core'
import { Limit, type LimitOptions } from './limit.ts'
import { lastStart } from './rate.ts'
import { Registry, type RegistryOptions } from './registry.ts'

/** Whether another one in its place would allow more. */
const isBusy = (limit: Limit): boolean => limit.running + limit.queued > 0 || lastStart(limit) > clock().now() - (limit._rate?.per ?? 0)

/**
 * Keeps one limit a key, such as a host, made by the same options when first asked for and named after its key. One in use is not
 * dropped for being idle. `options` may be a function of the key.
 *
 * @example
 * const hosts = new Limits({ concurrency: 10, queue: 50 })
 * await retry(load, { use: [hosts.get(url.host)] })
 */
export class Limits extends Registry<Limit, LimitOptions> {
  constructor(options: LimitOptions | ((key: string) => LimitOptions), registry: RegistryOptions = {}) {
    super((options) => new Limit(options), options, registry, isBusy)
  }
}

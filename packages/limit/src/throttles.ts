import { Registry, type RegistryOptions } from './registry.ts'
import { Throttle, type ThrottleOptions } from './throttle.ts'

/**
 * Keeps one throttle a key, such as a host, made by the same options when first asked for and named after its key. One that refuses calls
 * is not dropped for being idle. `options` may be a function of the key.
 *
 * @example
 * const hosts = new Throttles()
 * await retry(load, { use: [hosts.get(url.host)] })
 */
export class Throttles extends Registry<Throttle, ThrottleOptions> {
  constructor(options: ThrottleOptions | ((key: string) => ThrottleOptions) = {}, registry: RegistryOptions = {}) {
    super((options) => new Throttle(options), options, registry, (throttle) => throttle.probability > 0)
  }
}

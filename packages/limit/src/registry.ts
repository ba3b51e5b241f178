import { atLeastZero, invalid, Keyed, type Levelled, optionsOf, withdraw } from '@backon/core/kit'

/** How many a registry keeps. */
export interface RegistryOptions {
  /** So many are kept; one more drops the one that was not asked for for the longest time. An integer of 1 or more, or `Infinity`. Default 1,000. */
  max?: number | undefined
  /** Drops one that nobody has asked for so many ms, unless it is of use still. Default `Infinity`. */
  idleFor?: number | undefined
}

/** One a key: what all registries of this package have in common. */
export class Registry<Value extends Levelled, Options extends { name?: string | undefined }> extends Keyed<Value> {
  constructor(make: (options: Options) => Value, options: Options | ((key: string) => Options), registry: RegistryOptions, holds: (value: Value) => boolean) {
    const { max = 1_000, idleFor = Infinity } = optionsOf('a registry', registry, ['max', 'idleFor'])
    atLeastZero('idleFor', idleFor)
    if (typeof max !== 'number' || !(max >= 1) || max % 1) invalid('max', 'an integer of 1 or more', max)
    // Unusable options fail now, not with the first key.
    if (typeof options !== 'function') withdraw(make(options))
    super((key) => make(typeof options === 'function' ? { name: key, ...options(key) } : { ...options, name: key }), { max, idleFor, holds, dropped: withdraw })
  }
}

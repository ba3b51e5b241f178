/** What a wrapper may not have from its target: both would lead around the wrapper. */
const shielded: readonly PropertyKey[] = ['retryWith', Symbol.for('nodejs.util.promisify.custom')]

/** Every sloppy function has these, and says nothing with them. */
const passed: readonly PropertyKey[] = ['arguments', 'caller', 'prototype']

/** The part of `reflect-metadata` that is used here, where it has been loaded. */
interface Metadata {
  getMetadataKeys?(target: object): unknown[]
  getMetadata(key: unknown, target: object): unknown
  defineMetadata(key: unknown, value: unknown, target: object): void
}

/**
 * Lets a wrapper keep what its target has: name, length, own properties and metadata, also those that the target gets later. The target is
 * the wrapper's prototype; what is put on the wrapper stays its own.
 */
export const keep = <Wrapper extends Function>(wrapper: Wrapper, target: Function): Wrapper => {
  if (wrapper === target || Object.getPrototypeOf(wrapper) === target) return wrapper
  const set = (key: PropertyKey, value: unknown, writable = true, enumerable = false): unknown =>
    Object.defineProperty(wrapper, key, { value, writable, enumerable, configurable: true })
  Object.setPrototypeOf(wrapper, target)
  set('name', target.name, false)
  set('length', target.length, false)
  for (const key of shielded) if (!Object.hasOwn(wrapper, key)) set(key, undefined)
  for (const key of Reflect.ownKeys(target)) {
    const { value, writable, enumerable } = Object.getOwnPropertyDescriptor(target, key)!
    // What is read-only on a prototype cannot be assigned on what inherits it.
    if (writable === false && !passed.includes(key) && !Object.hasOwn(wrapper, key)) set(key, value, true, enumerable)
  }
  const metadata = Reflect as unknown as Metadata
  // Found through the prototype too, but not by who asks for a function's own.
  for (const key of metadata.getMetadataKeys?.(target) ?? []) metadata.defineMetadata(key, metadata.getMetadata(key, target), wrapper)
  return wrapper
}

// What calls give, in all the ways in which a compiler could see it wrongly.
import {
  type Answer, type Attempt, type BackoffDetails, type GiveupDetails, type GiveupEnd, onException, onExceptionSync, onPredicate, type Options, retry, Retrying, retryingCaller,
  retryingCallerSync, retrySync, type SuccessDetails,
} from '@backon/core'

interface User {
  id: number
}
declare const load: (id: number) => Promise<User>
declare const read: (id: number) => User
declare const mixed: (id: number) => string | Promise<User>
declare const overloaded: { (id: number): Promise<User>; (ids: number[], limit: number): Promise<User[]> }

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const is = <A, B>(same: Same<A, B>): Same<A, B> => same

// Mixed results are inferred; a literal keeps what it is meant to be.
const run = retry(() => mixed(1))
is<typeof run, Promise<string | User>>(true)
const stated = retry<User>(() => load(1), { maxTries: 2 })
is<typeof stated, Promise<User>>(true)
const wrapped = onException(0)(mixed)
is<ReturnType<typeof wrapped>, Promise<string | User>>(true)
export const kind = async (): Promise<'a' | 'b'> => await retry(() => 'a')
export const either = async <T>(value: () => T | PromiseLike<T>): Promise<Awaited<T>> => retry(value, { maxTries: 2 })
export const passed = async <T>(value: (attempt: Attempt) => Promise<T>, options: Options<T>): Promise<T> => retry(value, { ...options, wait: 5 })

// A function's own type is kept.
const generic = onPredicate(0)(async <K extends keyof User>(key: K, user: User) => user[key])('id', { id: 1 })
is<typeof generic, Promise<number>>(true)
const found = onException(0)(overloaded).retryWith({ maxTries: 2 })([1], 5)
is<typeof found, Promise<User[]>>(true)
const parsed = onExceptionSync(0)(<T>(text: string, check: (value: unknown) => T): T => check(JSON.parse(text)))('1', Number)
is<typeof parsed, number>(true)

// Giving up gives something else where the options say so.
const maybe = retry(() => load(1), { raiseOnGiveup: false })
is<typeof maybe, Promise<User | undefined>>(true)
const instead = retry(() => load(1), { raiseOnGiveup: false, retryErrorCallback: async ({ exception }) => String(exception) })
is<typeof instead, Promise<User | string>>(true)
declare const options: Options<User>
const unknowable = retry(() => load(1), options)
is<typeof unknowable, Promise<User>>(true)
const maybeSync = retrySync(() => read(1), { raiseOnGiveup: false })
is<typeof maybeSync, User | undefined>(true)
const policy = new Retrying({ retryErrorCallback: () => 42 })
const called = policy.call(load, 1)
is<typeof called, Promise<User | number>>(true)
const ran = policy.run(({ signal }) => load(signal.aborted ? 0 : 1), { name: 'load' })
is<typeof ran, Promise<User | number>>(true)
const copied = policy.copy({ retryErrorCallback: () => 'x' }).callSync(read, 1)
is<typeof copied, User | string>(true)
const byCaller = retryingCaller({ raiseOnGiveup: false }).on(TypeError)(load, 1)
is<typeof byCaller, Promise<User | undefined>>(true)
const decorated = onException(0, undefined, { raiseOnGiveup: false })(load)
is<ReturnType<typeof decorated>, Promise<User | undefined>>(true)
is<Answer<User, false>, User | undefined>(true)

// Records say what is sure at their moment.
void retry(() => load(1), {
  predicate: ({ id }) => id === 0,
  after: (details) => ('exception' in details ? String(details.exception) : details.value.id),
  onBackoff: [({ wait }) => wait.toFixed(), ({ duration }: BackoffDetails<User>) => duration.toFixed()],
  onSuccess: ({ value }: SuccessDetails<User>) => value.id,
  onGiveup: ({ end }: GiveupDetails<User>): GiveupEnd => end,
})

// What must not compile.
// @ts-expect-error
export const lied: Promise<User> = retry(() => load(1), { raiseOnGiveup: false })
// @ts-expect-error
export const liedToo = async (): Promise<User> => await retry(() => load(1), { retryErrorCallback: () => 42 })
// @ts-expect-error
void retry(() => load(1), { maxTries: 2, retires: 3 })
// @ts-expect-error
void retry(() => load(1), { predicate: async () => true })
// @ts-expect-error
void retry(() => load(1), { predicate: (name: string) => name === '' })
// @ts-expect-error
retrySync(() => load(1))
// @ts-expect-error
new Retrying().callSync(load, 1)
// @ts-expect-error
retryingCallerSync()(load, 1)
// @ts-expect-error
onExceptionSync(0)(load)
// @ts-expect-error
onExceptionSync(0)(mixed)

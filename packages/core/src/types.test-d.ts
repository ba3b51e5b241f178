import {
  type Answer, type Attempt, clock, constant, type Details, disable, emit, expo, fork, type GiveupEnd, type Handler, type SuccessDetails, type Hooks, log, onException, onExceptionSync, onPredicate,
  onPredicateSync, type Options, override, type Plugin, retry, type Retried, Retrying, retryingCaller, retryingCallerSync, retrySync, sleep, sleepUsingEvent,
  stopAfterAttempt, timeout, type Undo, use,
} from './index.ts'

/** Fails to compile unless both types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const is = <A, B>(same: Same<A, B>): Same<A, B> => same

interface User {
  id: number
}
declare const user: User
declare const loadOne: (attempt: Attempt) => Promise<User>
declare const loadUser: (id: number, fresh?: boolean) => Promise<User>
declare const readUser: (id: number) => User

// Results are inferred.
const asynchronous = retry(async ({ signal, tries }) => (is<typeof signal, AbortSignal>(true), is<typeof tries, number>(true), user))
is<typeof asynchronous, Promise<User>>(true)
const plain = retry(() => user)
is<typeof plain, Promise<User>>(true)
const thenable = retry((): PromiseLike<User> => loadUser(1))
is<typeof thenable, Promise<User>>(true)
const synchronous = retrySync(() => user)
is<typeof synchronous, User>(true)
const called = new Retrying().call(loadUser, 1)
is<typeof called, Promise<User>>(true)
const calledSync = new Retrying().callSync(readUser, 1)
is<typeof calledSync, User>(true)
const byCaller = retryingCaller()(loadUser, 1, true)
is<typeof byCaller, Promise<User>>(true)
const byCallerSync = retryingCallerSync().on([TypeError]).copy({ maxTries: 2 })(readUser, 1)
is<typeof byCallerSync, User>(true)
const wrapped = new Retrying().wrap(async () => user)
is<ReturnType<typeof wrapped>, Promise<User>>(true)

// So are the values that options see.
void retry(async () => user, { predicate: ({ id }) => id > 1, condition: ({ value }) => value?.id === 1, onSuccess: ({ value }) => value?.id })
void retry(async () => user, { onBackoff: [({ wait }) => wait?.toFixed(), async () => {}], giveup: (error: TypeError) => error.message === 'no' })
retrySync(() => user, { predicate: ({ id }) => id > 1 })

// Wrapped functions keep their parameters, their this, and their result.
const retried = onException(expo(), [TypeError], { maxTries: 5 })(loadUser)
is<Parameters<typeof retried>, [id: number, fresh?: boolean | undefined]>(true)
is<ReturnType<typeof retried>, Promise<User>>(true)
const madeAsync = onException(expo())(readUser)
is<ReturnType<typeof madeAsync>, Promise<User>>(true)
const keptSync = onExceptionSync(0)(readUser)
is<ReturnType<typeof keptSync>, User>(true)
const again: Retried<typeof loadUser> = retried.retryWith({ maxTries: 2 })
void again
const withThis = onPredicate(0)(function (this: User, n: number) {
  return this.id + n
})
is<ThisParameterType<typeof withThis>, User>(true)

class Service {
  @onException(0, TypeError)
  async load(id: number): Promise<User> {
    return loadUser(id)
  }

  @onExceptionSync(0)
  read(id: number): User {
    return readUser(id)
  }

  @onPredicateSync(0, { predicate: (user: User) => user.id === 0 })
  poll(): User {
    return user
  }
}
is<ReturnType<Service['load']>, Promise<User>>(true)

// F-15: a function's own type is kept.
declare const mixed: (id: number) => string | Promise<User>
declare const pick: <K extends keyof User>(key: K) => Promise<User[K]>
interface Find {
  (id: number): Promise<User>
  (ids: number[], limit: number): Promise<User[]>
}
declare const find: Find
const picked = onException(0)(pick)('id')
is<typeof picked, Promise<number>>(true)
const inline = onPredicate(0)(async <T>(value: T) => [value])('x' as string)
is<typeof inline, Promise<string[]>>(true)
const found = onException(0)(find)
const one = found(1)
is<typeof one, Promise<User>>(true)
const many = found.retryWith({ maxTries: 2 })([1], 5)
is<typeof many, Promise<User[]>>(true)
const same = onExceptionSync(0)(<T>(value: T): T => value)(5 as number)
is<typeof same, number>(true)
const mixedRetried = onException(0)(mixed)
is<ReturnType<typeof mixedRetried>, Promise<string | User>>(true)
const mixedRun = retry(() => mixed(1))
is<typeof mixedRun, Promise<string | User>>(true)
const mixedCalled = new Retrying().call(mixed, 1)
is<typeof mixedCalled, Promise<string | User>>(true)
const mixedByCaller = retryingCaller()(mixed, 1)
is<typeof mixedByCaller, Promise<string | User>>(true)
// What a retry gives is a promise of the platform, whatever the function's own promises can do besides.
class Rich<T> extends Promise<T> {
  tap(): this {
    return this
  }
}
const rich = onException(0)((): Rich<User> => new Rich(() => {}))
is<ReturnType<typeof rich>, Promise<User>>(true)
const never = onException(0)((): never => { throw new Error('down') })
is<ReturnType<typeof never>, Promise<never>>(true)
const anything = onException(0)((): any => 1)
is<ReturnType<typeof anything>, any>(true)
// A synchronous function with type parameters gets a promise; of what, it cannot say.
const unsaid = onException(0)(<T>(value: T): T => value)(1)
is<typeof unsaid, Promise<unknown>>(true)
const literal: 'a' | 'b' = await retry(() => 'a')
const pair: [string, number] = await retry(() => ['a', 1])
const stated = retry<User>(async () => user, { wait: 5 })
is<typeof stated, Promise<User>>(true)
const generic = async <T>(load: (attempt: Attempt) => Promise<T>, options: Options<T>): Promise<T> => retry(load, { ...options, onBackoff: ({ wait }) => wait })
const genericMixed = async <T>(load: () => T | PromiseLike<T>): Promise<Awaited<T>> => retry(load, { maxTries: 2 })
void [literal, pair, generic, genericMixed]

class Typed {
  @onException(0)
  async get<T>(path: string, read: (text: string) => T): Promise<T> {
    return read(path)
  }

  find(id: number): Promise<User>
  find(ids: number[], limit: number): Promise<User[]>
  @onException(0)
  async find(id: number | number[], _limit?: number): Promise<User | User[]> {
    return Array.isArray(id) ? [] : user
  }

  @onException(0)
  async chain(): Promise<this> {
    return this
  }

  @onException(0, Error, { raiseOnGiveup: false })
  async maybe(): Promise<User | undefined> {
    return user
  }

  @onException(0)
  @onPredicate(0)
  static async make(this: typeof Typed): Promise<Typed> {
    return new this()
  }

  @onExceptionSync(0)
  parse<T>(text: string, check: (value: unknown) => T): T {
    return check(JSON.parse(text))
  }
}
const got = new Typed().get('/', Number)
is<typeof got, Promise<number>>(true)
const foundMany = new Typed().find([1], 2)
is<typeof foundMany, Promise<User[]>>(true)

// F-16: what giving up gives is part of the type, as far as the compiler can see it.
const quiet = { raiseOnGiveup: false } as const
const maybe = retry(loadOne, { raiseOnGiveup: false })
is<typeof maybe, Promise<User | undefined>>(true)
const byConst = retry(loadOne, quiet)
is<typeof byConst, Promise<User | undefined>>(true)
const orNumber = retry(loadOne, { retryErrorCallback: () => 42 })
is<typeof orNumber, Promise<User | number>>(true)
const orText = retry(loadOne, { raiseOnGiveup: false, retryErrorCallback: async ({ end, exception }) => `${end} ${String(exception)}` })
is<typeof orText, Promise<User | string>>(true)
const orThrow = retry(loadOne, { retryErrorCallback: ({ exception }): never => { throw exception } })
is<typeof orThrow, Promise<User>>(true)
const raised = retry(loadOne, { raiseOnGiveup: true, retryErrorCallback: undefined })
is<typeof raised, Promise<User>>(true)
declare const variable: Options<User>
declare const untyped: Options
const byVariable = retry(loadOne, variable)
is<typeof byVariable, Promise<User>>(true)
const byUntyped = retry(loadOne, { ...untyped, maxTries: 2 })
is<typeof byUntyped, Promise<User>>(true)
const maybeSync = retrySync(() => user, { raiseOnGiveup: false })
is<typeof maybeSync, User | undefined>(true)
const orNumberSync = retrySync(() => user, { retryErrorCallback: () => 42 })
is<typeof orNumberSync, User | number>(true)
const policy = new Retrying({ raiseOnGiveup: false })
const byPolicy = policy.call(loadUser, 1)
is<typeof byPolicy, Promise<User | undefined>>(true)
const byPolicySync = policy.callSync(readUser, 1)
is<typeof byPolicySync, User | undefined>(true)
const byCopy = policy.copy({ maxTries: 2 }).call(loadUser, 1)
is<typeof byCopy, Promise<User | undefined>>(true)
const byOtherCopy = policy.copy({ raiseOnGiveup: true }).call(loadUser, 1)
is<typeof byOtherCopy, Promise<User>>(true)
const byWrap = policy.wrap(() => user)()
is<typeof byWrap, Promise<User | undefined>>(true)
const joined: Plugin = policy
const maybeCaller = retryingCaller({ raiseOnGiveup: false }).on(TypeError).copy({ maxTries: 2 })(loadUser, 1)
is<typeof maybeCaller, Promise<User | undefined>>(true)
const numberCaller = retryingCallerSync({ retryErrorCallback: () => 42 })(readUser, 1)
is<typeof numberCaller, User | number>(true)
const maybeLoad = onException(0, undefined, { raiseOnGiveup: false })(loadUser)
is<ReturnType<typeof maybeLoad>, Promise<User | undefined>>(true)
const sureLoad = maybeLoad.retryWith({ raiseOnGiveup: true, predicate: (loaded) => loaded.id === 0 })
is<ReturnType<typeof sureLoad>, Promise<User>>(true)
const maybeRead = onPredicateSync(0, { raiseOnGiveup: false })(readUser)
is<ReturnType<typeof maybeRead>, User | undefined>(true)
is<Answer<User>, User>(true)
void joined

// Records are narrowed: what is sure at a moment need not be asked.
void retry(loadOne, {
  after: (details) => ('exception' in details ? details.exception : is<typeof details.value, User>(true)),
  onBackoff: ({ wait, duration }) => (is<typeof wait, number>(true), is<typeof duration, number>(true)),
  beforeSleep: ({ wait }) => is<typeof wait, number>(true),
  onSuccess: ({ value, end }) => (is<typeof value, User>(true), is<typeof end, 'success'>(true)),
  onGiveup: ({ end }) => is<typeof end, GiveupEnd>(true),
})

// Loops.
for await (const attempt of new Retrying()) {
  const value = await attempt.run(async (attempt) => (is<typeof attempt, Attempt>(true), user))
  is<typeof value, User | undefined>(true)
}
for (const attempt of new Retrying()) {
  const value = attempt.run(() => user)
  is<typeof value, User | undefined>(true)
}
{
  await using scope = new Retrying({ signal: AbortSignal.timeout(5) })
  void scope
  using off = disable()
  is<typeof off, Undo>(true)
}

// Explicit undefined is absent; lists may be readonly.
void retry(() => 1, { maxTries: undefined, wait: [1, 2] as const, exception: [TypeError] as const, jitter: null, use: [timeout(5), log(console)] as const, signal: undefined })
const options: Options<User> = { maxTries: () => 3, maxTime: () => 5_000, stop: stopAfterAttempt(3), sleep: sleepUsingEvent(new EventTarget(), 'online') }
void retry(() => user, options)
const handler: Handler<SuccessDetails<User>> = ({ value }) => value.id
void handler

// A plugin is any object with the right parts.
const plugin: Plugin = {
  wrap: (next) => async (attempt) => next(fork(attempt)),
  stop: ({ tries }) => tries > 2,
  onAbort: ({ exception }) => exception,
}
emit('onAttempt', {} as Details, [plugin])
const undo: Undo = use(plugin)
undo()
override({ clock: clock(), random: () => 0.5 })
override(({ maxTries }) => ({ maxTries }))

// ---- What must not compile ----

// @ts-expect-error no such option
void retry(() => 1, { retries: 3 })
// @ts-expect-error no string for a number
void retry(() => 1, { maxTries: '3' })
// @ts-expect-error no string for a wait
void retry(() => 1, { wait: '1s' })
// @ts-expect-error no promise for a wait
void retry(() => 1, { wait: async () => 5 })
// @ts-expect-error null only for jitter
void retry(() => 1, { wait: null })
// @ts-expect-error an instance is no class
void retry(() => 1, { exception: new TypeError() })
// @ts-expect-error a name is no class
void retry(() => 1, { exception: 'TypeError' })
// @ts-expect-error the controller is no signal
void retry(() => 1, { signal: new AbortController() })
// @ts-expect-error a handler is a function
void retry(() => 1, { onBackoff: 'log' })
// @ts-expect-error plugins come in a list
void retry(() => 1, { use: timeout(5) })
// @ts-expect-error an async predicate would always be truthy
void retry(() => 1, { predicate: async () => true })
// @ts-expect-error an async condition would always be truthy
void retry(() => 1, { condition: async () => true })
// @ts-expect-error an async stop would always be truthy
void retry(() => 1, { stop: async () => true })
// @ts-expect-error an async giveup cannot be waited for
void retry(() => 1, { giveup: async () => true })
// @ts-expect-error onAbort is for plugins
void retry(() => 1, { onAbort: () => {} })
// @ts-expect-error the predicate is asked about the value of the operation
void retry(() => 1, { predicate: (value: string) => value === '' })
// @ts-expect-error no operation
void retry()
// @ts-expect-error a promise is no operation
void retry(Promise.resolve(1))
// @ts-expect-error an operation gets an attempt, and nothing else
void retry((attempt: Attempt, id: number) => [attempt, id])
// @ts-expect-error a promise cannot be waited for in a synchronous call
void retrySync(async () => 1)
// @ts-expect-error nor may a result be one
void retrySync((): string | Promise<string> => '')
// @ts-expect-error a promise cannot be waited for in a synchronous call
void new Retrying().callSync(loadUser, 1)
// @ts-expect-error a promise cannot be waited for in a synchronous call
void retryingCallerSync()(loadUser, 1)
// @ts-expect-error a promise cannot be waited for in a synchronous call
onExceptionSync(0)(loadUser)
// @ts-expect-error a promise cannot be waited for in a synchronous call
onPredicateSync(0)(mixed)
// @ts-expect-error it may be undefined
const lied: User = await retry(loadOne, { raiseOnGiveup: false })
// @ts-expect-error it may be a number
const liedToo: User = await retry(loadOne, { retryErrorCallback: () => 42 })
// @ts-expect-error it may be undefined
const liedAgain: Promise<User> = onException(0, undefined, { raiseOnGiveup: false })(loadUser)(1)
void [lied, liedToo, liedAgain]
// @ts-expect-error a misspelt option beside a right one
void retry(loadOne, { maxTries: 2, retires: 3 })
// @ts-expect-error a boolean
void retry(loadOne, { raiseOnGiveup: 'no' })
// @ts-expect-error not what its type parameter says
void retry<User>(async () => 5)
// @ts-expect-error no overload has a string
void found('1')
// @ts-expect-error an argument is missing
void new Retrying().call(loadUser)
// @ts-expect-error an argument is of the wrong type
void new Retrying().call(loadUser, '1')
// @ts-expect-error an argument is of the wrong type
void retryingCaller()(loadUser, '1')
// @ts-expect-error an argument is of the wrong type
void retried('1')
// @ts-expect-error options of the retry, not of the function
void retried.retryWith({ id: 5 })
// @ts-expect-error the wait comes first, then the exception
onException({ maxTries: 3 })
// @ts-expect-error a decorator is for methods
onException(0)(5)
// @ts-expect-error its this is a User
void withThis(1)
// @ts-expect-error statistics are read only
new Retrying().statistics.attemptNumber = 5
// @ts-expect-error details are read only
emit('onAttempt', Object.assign({} as Details, {}), [{ onAttempt: (details) => (details.tries = 5) }])
// @ts-expect-error no such event
emit('onFoo', {} as Details)
// @ts-expect-error no such hook has a string
const wrongHook: Hooks = { onAttempt: 'x' }
// @ts-expect-error wrap takes an operation and gives one
const wrongPlugin: Plugin = { wrap: () => 5 }
// @ts-expect-error a plugin is an object
use(() => {})
// @ts-expect-error no such level
log(console, { backoff: 'loud' })
// @ts-expect-error a timeout in ms
timeout('5s')
// @ts-expect-error a time in ms
void sleep('5s')
// @ts-expect-error something that fires
sleepUsingEvent({})
// @ts-expect-error ms or a list of them
constant('5')
void [wrongHook, wrongPlugin, Service]

class Wrong {
  // @ts-expect-error an asynchronous decorator would change what a synchronous method returns
  @onException(0)
  read(): User {
    return user
  }

  // @ts-expect-error a decorator is for methods
  @onException(0)
  field = 5

  // @ts-expect-error a decorator is for methods, not for functions in fields
  @onException(0)
  arrow = async (): Promise<User> => user

  // @ts-expect-error a decorator is for methods
  @onException(0)
  get got(): User {
    return user
  }

  // @ts-expect-error a decorator is for methods
  @onException(0)
  accessor made = 5

  // @ts-expect-error a promise cannot be waited for in a synchronous call
  @onExceptionSync(0)
  async load(): Promise<User> {
    return user
  }

  // @ts-expect-error giving up gives undefined, which the method does not say
  @onException(0, undefined, { raiseOnGiveup: false })
  async maybe(): Promise<User> {
    return user
  }
}
// @ts-expect-error a decorator is for methods
@onException(0)
class Whole {}
void [Wrong, Whole, Typed]

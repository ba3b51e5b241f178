import {
  type Attempt, clock, constant, type Details, disable, emit, expo, fork, type Handler, type SuccessDetails, type Hooks, log, onException, onExceptionSync, onPredicate,
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
const again: Retried<unknown, [id: number, fresh?: boolean], Promise<User>> = retried.retryWith({ maxTries: 2 })
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
}
void Wrong

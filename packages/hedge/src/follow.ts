/**
 * Tells what comes of a promise, as `await` would: its `then` is read once, may throw, and may call back as often as it likes. Says whether
 * it is one. What reading `then` throws is thrown.
 */
export const follow = (answer: any, succeed: (value: any) => unknown, fail: (error: unknown) => unknown): boolean => {
  const then = answer?.then
  if (typeof then !== 'function') return false
  // A promise of the platform keeps the rules by itself. (An object that has only borrowed its `then` throws here.)
  if (then === Promise.prototype.then) then.call(answer, succeed, fail)
  else new Promise((resolve, reject) => then.call(answer, resolve, reject)).then(succeed, fail)
  return true
}

import { spawn } from 'node:child_process'

/** Runs a program to its end, at most for `timeout` ms. Never throws: what went wrong is in the result. */
export const run = (command, args, { timeout = 60_000, ...options } = {}) =>
  new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options })
    const result = { status: null, stdout: '', stderr: '' }
    const timer = setTimeout(() => {
      result.stderr += `\nno end after ${timeout} ms`
      child.kill('SIGKILL')
    }, timeout)
    child.stdout.on('data', (text) => (result.stdout += text))
    child.stderr.on('data', (text) => (result.stderr += text))
    child.on('error', (error) => (result.stderr += error))
    child.on('close', (status) => {
      clearTimeout(timer)
      resolve({ ...result, status, ok: status === 0, output: `${result.stdout}${result.stderr}`.trim() })
    })
  })

/** As `run`, for what must succeed. */
export const must = async (command, args, options) => {
  const result = await run(command, args, options)
  if (!result.ok) throw new Error(`${command} ${args.join(' ')} ended with ${result.status}:\n${result.output}`)
  return result.stdout
}

import { spawn } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'

/**
 * Runs a command to its end, and tells it, and all that it has started, to end earlier when this process is told so. Gives its exit code.
 *
 * Not `spawnSync`: a process that waits in one hears no signal, dies of it, and leaves its children behind. They are a group of their
 * own, so that one signal reaches them all. (Windows has no such groups; there the command alone is ended.) The shell between npm and
 * this process hands nothing on: it ends, and what has lost who started it ends too.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions} options
 * @returns {Promise<number>}
 */
export const runThenEnd = async (command, args, options) => {
  const windows = process.platform === 'win32'
  const child = spawn(command, args, { ...options, detached: !windows })
  const { pid = 0 } = child
  /** Says whether there was anybody to tell. */
  const tell = (signal) => {
    try {
      return pid > 0 && process.kill(windows ? pid : -pid, signal)
    } catch {
      return false
    }
  }
  let told = false
  const end = () => {
    told = true
    // Whatever it was: a shell in between waits through a SIGINT.
    tell('SIGTERM')
  }
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, end)
  const { ppid } = process
  const watch = setInterval(() => process.ppid === ppid || told || end(), 200)
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', (code, signal) => resolve(signal ? 1 : (code ?? 1))))
  clearInterval(watch)
  // The command may be quicker than what it has started.
  for (let looks = 500; told && looks > 0 && tell(0); looks--) await pause(20)
  return code
}

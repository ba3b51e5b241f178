// For a browser: the files of the packages as they are, found through the import map of the page.
import { globals, run } from './run.js'

const before = globals()
const packages = await import('./packages.js')
const leftBehind = [...globals()].filter((name) => !before.has(name))
const { decorated } = await import('../.work/suite/decorated.js')
const { decorated: legacy } = await import('../.work/suite/legacy.js')
const using = await import('../.work/suite/using.js')

// A page's own thread must not block.
globalThis.finished = run({ ...packages, decorated, legacy, using, server: location.origin, blocks: false, leftBehind })

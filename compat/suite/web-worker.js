// For a worker of a browser, bundled by esbuild, as a worker knows no import map. It may block.
import { decorated } from '../.work/suite/decorated.js'
import { decorated as legacy } from '../.work/suite/legacy.js'
import * as using from '../.work/suite/using.js'
import * as packages from './packages.js'
import required from './required.cjs'
import { run } from './run.js'

postMessage(await run({ ...packages, required, decorated, legacy, using, server: location.origin, blocks: true, leftBehind: [] }))

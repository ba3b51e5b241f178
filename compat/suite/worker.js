// For workerd, bundled by esbuild.
import * as breaker from '@backon/breaker'
import * as core from '@backon/core'
import * as hedge from '@backon/hedge'
import * as twin from 'core-twin'
import { decorated } from '../.work/suite/decorated.js'
import { decorated as legacy } from '../.work/suite/legacy.js'
import * as using from '../.work/suite/using.js'
import required from './required.cjs'
import { run } from './run.js'

export default {
  fetch: async () => Response.json({ results: await run({ core, breaker, hedge, twin, required, decorated, legacy, using, blocks: false, leftBehind: [] }) }),
}

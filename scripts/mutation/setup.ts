import { beforeEach } from 'vitest'
import { slow } from './sets.mjs'

beforeEach(({ skip, task }) => skip(slow.some((words) => task.name.startsWith(words)), 'slow, see scripts/mutation/sets.mjs'))

// A CommonJS program: every supported Node can require() an ES module, and TypeScript knows since 5.8.
import core = require('@backon/core')

export const answer: Promise<number> = core.retry(() => 42)

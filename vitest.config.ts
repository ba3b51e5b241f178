import { existsSync, readdirSync } from 'node:fs'
import { transform } from 'esbuild'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Lowers decorators with esbuild before vite sees them: vite's own compiler leaves TC39 ones in place, a SyntaxError in Node. */
export const decorators: Plugin = {
  name: 'lower-decorators',
  enforce: 'pre',
  async transform(code, id) {
    const file = id.split('?', 1)[0] ?? id
    // A line that begins with `@name` and is not in a doc comment (those begin with `*`).
    if (!/\.tsx?$/.test(file) || !/^[ \t]*@[A-Za-z_$(]/m.test(code)) return null
    return transform(code, {
      loader: 'ts',
      sourcefile: file,
      sourcemap: true,
      target: 'es2022',
      tsconfigRaw: { compilerOptions: { experimentalDecorators: /\.legacy\./.test(file), useDefineForClassFields: true } },
    })
  },
}

/** These wait most of their time, for real servers and browsers: begun first, they wait beside the others and not after them. The longest first. */
const slow = ['example-service', 'playground', 'breaker-redis/src/server', 'breaker-redis/src/fleet', 'test/alerts', 'compositions-http', 'demo/demo', 'end-to-end', 'soak']

class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = slow.findIndex((part) => moduleId.includes(`${part}.`))
      return at < 0 ? slow.length : at
    }
    return (await super.sort(files)).sort((one, other) => rank(one) - rank(other))
  }
}

const project = (name: string, root: string, include: string[]) => ({ extends: true as const, root, test: { name, include } })

const packages = readdirSync('packages').filter((name) => existsSync(`packages/${name}/package.json`))
const examples = readdirSync('examples').filter((name) => existsSync(`examples/${name}/package.json`))
const across = existsSync('test') ? [project('test', 'test', ['**/*.test.ts'])] : []

export default defineConfig({
  plugins: [decorators],
  test: {
    projects: [...packages.map((name) => project(name, `packages/${name}`, ['src/**/*.test.ts'])), ...across, ...examples.map((name) => project(`examples/${name}`, `examples/${name}`, ['**/*.test.ts']))],
    passWithNoTests: true,
    sequence: { sequencer: SlowFirst },
    // More than there are cores: see `slow`.
    maxWorkers: 4,
    // These end what hangs, and say nothing about speed: a busy machine may take its time.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    reporters: ['default', './scripts/vitest-counts.mjs'],
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**/*.ts'],
      exclude: ['**/*.test.ts', '**/*.test-d.ts', '**/index.ts', 'packages/_template/**'],
      reporter: ['text-summary', 'html', 'json-summary'],
      thresholds: { 'packages/core/src/**': { lines: 98, branches: 98 } },
    },
  },
})

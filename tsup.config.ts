import { readFileSync } from 'node:fs'
import { defineConfig } from 'tsup'

/** Names each entry of the package being built: one for every `src` file that its `exports` point at. */
function entries(): string[] {
  const { exports } = JSON.parse(readFileSync('package.json', 'utf8')) as { exports: Record<string, string> }
  return Object.values(exports).filter((file) => file.startsWith('./src/'))
}

export default defineConfig({
  entry: entries(),
  format: 'esm',
  target: 'es2022',
  platform: 'neutral',
  splitting: true,
  sourcemap: true,
  // The user's bundler minifies; until then a stack trace should be readable.
  minify: false,
  treeshake: false,
  clean: true,
  // tsc writes the declarations after this, see tsconfig.build.json.
  dts: false,
  silent: true,
  // What begins with `_` is nobody's business outside the package: short names there are worth hundreds of bytes to a web page.
  esbuildOptions(options) {
    options.mangleProps = /^_/
  },
})

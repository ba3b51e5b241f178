// What each file of core weighs in the bundle of `{ retry }`: `node bench/weights.mjs` writes bench/results/weights.md. Each figure is how much
// smaller the bundle would be, minified and gzipped, without that file. Files share words, so the figures do not add up to the whole.
import { mkdirSync, writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { build, transform } from 'esbuild'

const options = { bundle: true, format: 'esm', platform: 'neutral', target: 'es2022', mangleProps: /^_/, write: false, logLevel: 'error' }
const gzip = (text) => gzipSync(text, { level: 9 }).length
const { outputFiles } = await build({
  ...options, minifyIdentifiers: true, minifySyntax: true, stdin: { contents: "export { retry } from './packages/core/src/index.ts'", resolveDir: process.cwd(), loader: 'ts' },
})
// Unminified, a line says where each file begins.
const parts = await Promise.all(
  outputFiles[0].text.split(/^\/\/ (?=packages\/core\/src\/)/m).slice(1).map(async (part) => {
    const [, file, code] = /^packages\/core\/src\/(\S+)\n([^]*)/.exec(part)
    return { file, code: (await transform(code, { minifyWhitespace: true, format: 'esm' })).code }
  }),
)
const whole = gzip(parts.map(({ code }) => code).join(''))
const rows = parts
  .map(({ file }) => ({ file, bytes: whole - gzip(parts.filter((other) => other.file !== file).map(({ code }) => code).join('')) }))
  .toSorted((a, b) => b.bytes - a.bytes)
const rooms = Map.groupBy(rows, ({ file }) => (file.includes('/') ? file.split('/')[0] : 'the words that all share'))
const text = `# What \`{ retry }\` weighs

Written by \`node bench/weights.mjs\`. Each figure is how much smaller the bundle (${whole.toLocaleString('en')} B gzip) would be without that file.

| file | bytes |
| --- | ---: |
${rows.filter(({ bytes }) => bytes > 0).map(({ file, bytes }) => `| \`${file}\` | ${bytes} |`).join('\n')}

| room | bytes, file by file |
| --- | ---: |
${[...rooms].map(([room, files]) => `| ${room} | ${files.reduce((sum, { bytes }) => sum + bytes, 0)} |`).join('\n')}
`
mkdirSync('bench/results', { recursive: true })
writeFileSync('bench/results/weights.md', text)
console.log(text)

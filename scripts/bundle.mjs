import { build } from 'esbuild'

/**
 * Bundles a TypeScript file with the sources of the workspace into one module that any Node can run.
 *
 * Decorators are lowered and nothing needs to be built before. Other packages stay outside: `outfile` must be where
 * Node finds them.
 *
 * @param {string} file
 * @param {string} outfile
 */
export const bundle = (file, outfile) =>
  build({
    entryPoints: [file],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'es2022',
    sourcemap: 'inline',
    logLevel: 'silent',
    plugins: [othersOutside],
  })

const othersOutside = {
  name: 'others-outside',
  setup(esbuild) {
    esbuild.onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
      kind === 'entry-point' || path.startsWith('@backon/') ? undefined : { path, external: true },
    )
  },
}

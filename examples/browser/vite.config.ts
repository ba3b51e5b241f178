import { join } from 'node:path'
import { defineConfig } from 'vite'

// `npm run compat` builds the page with the packed packages; all others with the sources of the workspace.
const packed = process.env.PACKED_PACKAGES
const packages = ['core', 'breaker', 'hedge']

export default defineConfig({
  // The page works in any folder of a site.
  base: './',
  build: { target: 'es2022', outDir: 'dist', emptyOutDir: true },
  resolve: { alias: packed ? Object.fromEntries(packages.map((name) => [`@backon/${name}`, join(packed, name, 'dist/index.js')])) : {} },
})

import { join } from 'node:path'
import { defineConfig } from 'vite'

// `npm run compat` builds the page with the packed packages; all others with the sources of the workspace.
const packed = process.env.PACKED_PACKAGES

export default defineConfig({
  // The page works in any folder of a site.
  base: './',
  build: { target: 'es2022', outDir: 'dist', emptyOutDir: true },
  resolve: {
    alias: packed
      ? [
          { find: /^@backon\/([a-z-]+)$/, replacement: join(packed, '$1/dist/index.js') },
          { find: /^@backon\/([a-z-]+)\/([a-z-]+)$/, replacement: join(packed, '$1/dist/$2/index.js') },
        ]
      : [],
  },
})

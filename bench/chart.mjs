import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'

// Programs in TypeScript are bundled before they run, with this file: paths count from the root of the repository.

/** Gives the path of a file among the results. */
export const result = (name) => {
  const folder = process.env.BENCH_RESULTS ?? 'bench/results'
  mkdirSync(folder, { recursive: true })
  return `${folder}/${name}`
}

/** Draws lines as an SVG: `rows` have an `x`, a `y` and the `series` they belong to; `order` names the series for the legend. */
export async function drawLines(file, { title, x, y, order, rows, width = 560, height = 320 }) {
  if (!existsSync('bench/node_modules/vega-lite')) spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: 'bench', stdio: 'inherit', shell: process.platform === 'win32' })
  const [{ compile }, { parse, View }] = await Promise.all([import('vega-lite'), import('vega')])
  const { spec } = compile({
    title,
    width,
    height,
    background: 'white',
    padding: 12,
    data: { values: rows },
    mark: { type: 'line', point: { size: 25 } },
    encoding: {
      x: { field: 'x', type: 'quantitative', title: x },
      y: { field: 'y', type: 'quantitative', title: y },
      color: { field: 'series', type: 'nominal', title: null, sort: order, scale: { scheme: 'category10' } },
    },
  })
  const view = new View(parse(spec), { renderer: 'none' })
  writeFileSync(file, `${await view.toSVG()}\n`)
  view.finalize()
}

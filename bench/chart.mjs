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

/**
 * Draws small panels side by side, as a dashboard has them, with dashed lines at some moments.
 *
 * @typedef {{ title: string, unit: string, rows: { x: number, y: number, series: string }[] }} Panel
 * @param {string} file
 * @param {Panel[]} panels
 * @param {{ x: string, marks: number[] }} options
 */
export async function drawPanels(file, panels, { x, marks }) {
  const [{ compile }, { parse, View }] = await Promise.all([import('vega-lite'), import('vega')])
  const units = { percentunit: '%', reqps: 'per second', s: 'seconds', short: '' }
  const { spec } = compile({
    title: { text: x, fontWeight: 'normal', fontSize: 12, anchor: 'start' },
    background: 'white',
    padding: 12,
    columns: 2,
    resolve: { scale: { color: 'independent' } },
    concat: panels.map(({ title, unit, rows }) => ({
      title: { text: title, anchor: 'start' },
      width: 380,
      height: 110,
      layer: [
        { data: { values: marks.map((mark) => ({ x: mark })) }, mark: { type: 'rule', strokeDash: [3, 3], color: '#bbb' }, encoding: { x: { field: 'x', type: 'quantitative' } } },
        {
          data: { values: rows },
          mark: { type: 'line', strokeWidth: 1.5 },
          encoding: {
            x: { field: 'x', type: 'quantitative', title: null, axis: { tickCount: 6 } },
            y: { field: 'y', type: 'quantitative', title: units[unit] ?? unit, axis: { tickCount: 4, ...(unit === 'percentunit' && { format: '%' }) } },
            color: { field: 'series', type: 'nominal', title: null, scale: { scheme: 'category10' }, legend: { orient: 'bottom', columns: 2, labelLimit: 200 } },
          },
        },
      ],
    })),
  })
  const view = new View(parse(spec), { renderer: 'none' })
  writeFileSync(file, `${await view.toSVG()}\n`)
  view.finalize()
}

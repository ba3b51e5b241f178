// Writes docs/compare.md and the small table of the README from results.json: nothing in them is written by hand.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const place = (name) => fileURLToPath(new URL(`../../${name}`, import.meta.url))
const folders = { situations: 'clients', questions: 'libraries' }
/** In the order of the page: what hurts most is first. */
const order = {
  situations: [
    'post-lost', 'put-lost', 'post-unsent', 'sockets', 'connections', 'endless-body', 'hang', 'stalled-body', 'short-timeout', 'abort-body', 'listeners', 'retry-after', 'retry-after-date',
    'retry-after-skew', 'retry-after-hour', 'stream-body', 'request-object', 'redirect-loop', 'blocked-port', 'cut-body', 'resume', 'two-versions', 'no-body',
  ],
  clients: ['backon', 'loop', 'fetch-retry', 'ky', 'got', 'axios-retry', 'ofetch', 'wretch', 'undici'],
  questions: [
    'defaults', 'default-waits', 'abort-wait', 'abort-attempt', 'attempt-signal', 'deadline', 'any-error', 'breaker', 'refusals', 'limit', 'hedge', 'budget', 'sync', 'virtual-time',
  ],
  libraries: ['backon', 'p-retry', 'async-retry', 'attempt', 'cockatiel', 'opossum', 'effect'],
}
/** Those in the small table of the README, of each kind. */
const short = {
  clients: ['backon', 'loop', 'ky', 'got', 'axios-retry'],
  situations: ['post-lost', 'sockets', 'connections', 'endless-body', 'retry-after-hour', 'stream-body'],
  libraries: ['backon', 'p-retry', 'cockatiel', 'opossum'],
  questions: ['default-waits', 'abort-attempt', 'deadline', 'refusals', 'hedge'],
}

/** What is measured, by the name of its section in the bench and of the row for each library. */
const measures = [
  {
    title: 'bytes of a retry, bundled, gzip', program: 'rows/sizes.mjs', section: 'Size: retry',
    rows: { backon: 'backon: retry', 'p-retry': 'p-retry: default export', 'async-retry': 'async-retry: default export', attempt: '@lifeomic/attempt: retry', cockatiel: 'cockatiel: retry, handleAll, ExponentialBackoff', effect: 'effect: retry, runPromise, tryPromise' },
  },
  {
    title: 'bytes of a breaker with it', program: 'rows/sizes.mjs', section: 'Size: retry with breaker and hedge',
    rows: { backon: 'backon: retry + breaker', cockatiel: 'cockatiel: retry + breaker', opossum: 'opossum: breaker' },
  },
  {
    title: 'time of a call that succeeds at once, over a hand-written loop', program: 'rows/success.mjs', section: 'Success at once',
    rows: { backon: 'backon: inline { maxTries, wait }', 'p-retry': 'p-retry', 'async-retry': 'async-retry', attempt: '@lifeomic/attempt', cockatiel: 'cockatiel', effect: 'effect' },
  },
  {
    title: 'of three failures and a success', program: 'rows/failures.mjs', section: 'Three failures, then success, no waits',
    rows: { backon: 'backon: inline { maxTries, wait }', 'p-retry': 'p-retry', cockatiel: 'cockatiel (has no wait below 1 ms)', effect: 'effect' },
  },
  {
    title: 'of a call through a closed breaker', program: 'rows/breaker.mjs', section: 'Circuit breaker, closed, success at once',
    rows: { backon: 'backon: breaker alone', cockatiel: 'cockatiel: breaker', opossum: 'opossum: breaker, without its timeout' },
  },
  {
    title: 'memory of a call that waits, over a hand-written loop', program: 'rows/memory.mjs', section: 'Memory: 100,000 calls asleep in a wait',
    rows: { backon: 'backon: inline { maxTries, wait }', 'p-retry': 'p-retry', 'async-retry': 'async-retry', attempt: '@lifeomic/attempt', cockatiel: 'cockatiel', effect: 'effect' },
  },
]
const clientMeasures = [
  {
    title: 'bytes, bundled, gzip', program: 'rows/sizes.mjs', section: 'Size: fetch',
    rows: { backon: 'backon: createFetch, alone and added to retry', 'fetch-retry': 'fetch-retry: default export', ky: 'ky: default export', 'axios-retry': 'axios-retry: default export, axios', ofetch: 'ofetch: ofetch', wretch: 'wretch: default export, retry' },
  },
  {
    title: 'time of a call that succeeds at once, over a hand-written loop', program: 'rows/fetch.mjs', section: 'fetch that succeeds at once, on a mock that has its response ready',
    rows: { backon: 'backon: fetch', ky: 'ky', ofetch: 'ofetch' },
  },
]

const table = (rows) => [rows[0], rows[0].map(() => '---'), ...rows.slice(1)].map((row) => `| ${row.join(' | ')} |`).join('\n')
const marked = ({ text, good }) => `${good === true ? '✓ ' : good === false ? '✗ ' : ''}${text}`.replaceAll('|', '\\|')

/** A part of the page: its rows, with a link to the program behind each cell. */
async function part(kind, cells, links) {
  const folder = folders[kind]
  const columns = await Promise.all(order[folder].map(async (id) => ({ id, ...(await nameOf(folder, id)) })))
  const rows = await Promise.all(Object.keys(cells).sort(byOrder(order[kind])).map(async (id) => ({ id, ...(await import(`./${kind}/${id}.mjs`)), cells: cells[id] })))
  for (const { id } of columns) links.set(`${folder}/${id}`, `../bench/compare/${folder}/${id}.mjs`)
  for (const { id } of rows) links.set(`${kind}/${id}`, `../bench/compare/${kind}/${id}.mjs`)
  return { columns, rows }
}

const byOrder = (list) => (a, b) => (list.indexOf(a) + 1 || Infinity) - (list.indexOf(b) + 1 || Infinity)

/** The name of a column. It is read, not run: the programs there need their library only when they are looked at. */
const nameOf = async (folder, id) => {
  const text = readFileSync(place(`bench/compare/${folder}/${id}.mjs`), 'utf8')
  return { name: /export const name = '(.+)'/.exec(text)[1], packages: JSON.parse(/export const packages = (\[.*\])/.exec(text)[1].replaceAll("'", '"')) }
}

const cellTable = ({ columns, rows }, kind) =>
  table([
    ['', ...columns.map(({ id, name }) => `[${name}][${folders[kind]}/${id}]`)],
    ...rows.map(({ id, title, cells, timed }) => [
      `${title}${timed ? ' †' : ''}`,
      ...columns.map((column) => (cells[column.id] && cells[column.id].text !== '–' ? `[${marked(cells[column.id])}][${kind}/${id}]` : '–')),
    ]),
  ])

const measureTable = (list, results, columns) =>
  table([
    ['', ...columns.map(({ name }) => name)],
    ...list.map(({ title, program, section, rows }) => [
      `[${title}](../bench/${program})`,
      ...columns.map(({ id }) => (rows[id] && results.measures[section]?.[rows[id]]) ?? '–'),
    ]),
  ])

const reasons = (rows) => rows.map(({ title, why }) => `- **${title}.** ${why}`).join('\n')

const versions = (columns, results) =>
  columns.flatMap(({ packages }) => packages).filter((name) => results.versions[name]).map((name) => `${name} ${results.versions[name]}`).join(', ')

function put(file, text) {
  const before = readFileSync(place(file), 'utf8')
  const after = before.replace(/(<!-- compare -->)[^]*?(<!-- \/compare -->)/, (_, open, close) => `${open}\n${text.trim()}\n${close}`)
  if (after !== before) writeFileSync(place(file), after)
}

export async function writePage(results) {
  const links = new Map()
  const http = await part('situations', results.cells.situations ?? {}, links)
  const libraries = await part('questions', results.cells.questions ?? {}, links)
  const page = `
Seen on ${results.date} with Node ${results.versions.node} (its \`fetch\` is undici ${results.versions.undiciOfNode}), on Linux. \`npm run compare\` looks again.

## What your HTTP client does when …

Each cell is a link to the program that has written it, each heading to how that client was set up. ✓ and ✗ are the verdict of the program, the same for all: where this package has a ✗ it says so.
The rows were chosen by the authors of the first column. **†** depends on seconds: on a busy machine a number may be larger.

${cellTable(http, 'situations')}

${versions(http.columns, results)}. Every client was given the same number of attempts and the same wait; all else is its own default: which methods and which statuses it retries, and its timeouts.

What is behind it:

${reasons(http.rows)}

Size and speed, where it can be bundled for a browser:

${measureTable(clientMeasures, results, http.columns)}

## What your retry library does when …

**–** means that the library has nothing of the kind, or that nobody has written a program for it here.

${cellTable(libraries, 'questions')}

${versions(libraries.columns, results)}.

${reasons(libraries.rows)}

Speed, memory and bytes, from a short run of the [bench](../bench/results.md). They are ratios of one run, side by side; the machine is shared with other work.

${measureTable(measures, results, libraries.columns)}

${[...links].map(([id, link]) => `[${id}]: ${link}`).join('\n')}
`
  put('docs/compare.md', page)
  put('README.md', smallTables(http, libraries, results))
}

/** What somebody sees who has thirty seconds. */
function smallTables(http, libraries, results) {
  const of = ({ columns, rows }, kind) => {
    const chosen = short[folders[kind]].map((id) => columns.find((column) => column.id === id))
    return [
      ['', ...chosen.map(({ name }) => name)],
      ...short[kind].map((id) => rows.find((row) => row.id === id)).filter(Boolean).map(({ brief, cells, title }) => [brief ?? title, ...chosen.map(({ id }) => (cells[id] ? marked(cells[id]) : '–'))]),
    ]
  }
  const figures = [measures[0], measures[2], measures[5]].map(({ title, section, rows }) => [title, ...short.libraries.map((id) => (rows[id] && results.measures[section]?.[rows[id]]) ?? '–')])
  return `${table(of(http, 'situations'))}\n\n${table([...of(libraries, 'questions'), ...figures])}`
}

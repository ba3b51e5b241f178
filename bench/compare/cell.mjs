// One cell of docs/compare.md: `node bench/compare/cell.mjs situations sockets ky`, `node bench/compare/cell.mjs questions deadline p-retry`.
// In a process of its own, so that nothing of one client is seen in another. What is printed last is what was seen.
import '../packages.mjs'

const [kind, row, column] = process.argv.slice(2)
const columns = { situations: 'clients', questions: 'libraries' }
process.on('unhandledRejection', (error) => console.error('unhandled rejection:', error))

const { ask, run } = await import(`./${kind}/${row}.mjs`)
const answer = await (run ?? ask)(await import(`./${columns[kind]}/${column}.mjs`))
process.stdout.write(`\n${JSON.stringify(answer ?? { text: '–' })}\n`, () => process.exit())

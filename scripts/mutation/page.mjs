/** How many of the mutants that can be noticed a set has to notice, in percent. */
const least = 85

const kinds = {
  equivalent: 'nobody can see a difference',
  speed: 'only slower, or more memory, or a detour to the same end',
  text: 'the wording of a message',
  elsewhere: 'a test sees it that is not asked here',
  open: 'a hole: nobody has closed it or said why not',
}

/** @typedef {{ file: string, at: number, line: string, code: string, becomes: string }} Survivor */
/** @typedef {{ file: string, line?: string, code?: string, becomes?: string, kind: string, because: string }} Reason */

/** @param {Reason} reason @param {Survivor} survivor */
const explains = ({ file, line, code, becomes }, survivor) =>
  survivor.file.endsWith(file) && (!line || survivor.line.includes(line)) && (!code || survivor.code === code) && (!becomes || survivor.becomes === becomes)

/** @param {Survivor} survivor @param {Reason[]} reasons */
export const reasonFor = (survivor, reasons) => reasons.find((reason) => explains(reason, survivor))

const cell = (code) => `\`${code.replaceAll('|', '\\|').replaceAll('`', "'")}\``

/**
 * Writes the page, and lists the reasons that explain nothing any more.
 *
 * @param {Record<string, { mutants: number, killed: number, survivors: Survivor[] }>} results
 * @param {Reason[]} reasons
 * @param {{ name: string, mutate: string[] }[]} sets
 */
export function page(results, reasons, sets) {
  const used = new Set()
  const rows = sets.filter(({ name }) => results[name]).map(({ name, mutate }) => {
    const { mutants, killed, survivors } = results[name]
    const explained = survivors.map((survivor) => {
      const reason = reasonFor(survivor, reasons)
      used.add(reason)
      return { ...survivor, kind: reason?.kind ?? 'open', because: reason?.because ?? '' }
    })
    const cannot = explained.filter(({ kind }) => kind === 'equivalent' || kind === 'speed').length
    const score = (100 * killed) / (mutants - cannot)
    return { name, mutate, mutants, killed, explained, cannot, score: score.toFixed(1), low: score < least, open: explained.filter(({ kind }) => kind === 'open').length }
  })

  const table = rows.map(({ name, mutate, mutants, killed, cannot, score, open }) => `| [${name}](#${name}) | ${score} % | ${open} | ${mutants} | ${killed} | ${cannot} | ${mutate.map((glob) => `\`${glob}\``).join(' ')} |`)
  for (const { name, mutate } of sets.filter(({ name }) => !results[name])) table.push(`| ${name} | not run yet | | | | | ${mutate.map((glob) => `\`${glob}\``).join(' ')} |`)
  const survivors = rows.flatMap(({ name, explained }) => [
    '',
    `## ${name}`,
    '',
    ...(explained.length === 0 ? ['None has survived.'] : ['| where | what becomes of the code | why no test minds |', '| --- | --- | --- |']),
    ...explained.map(({ file, at, code, becomes, kind, because }) =>
      `| ${file.replace('packages/', '').replace('/src/', ' ')}:${at} | ${cell(code)} → ${becomes ? cell(becomes) : 'nothing'} | ${kind === 'open' ? '**open**' : kind}${because ? `: ${because}` : ''} |`),
  ])

  const text = `# Mutation testing

Stryker breaks the code a little and thousands of times: a condition turned round, a line left out, \`<\` for \`<=\`. Each broken copy is a
**mutant**, and is **killed** when a test fails, or does not end any more. What survives is either a hole in the tests or makes no difference.

\`npm run mutation\` writes this page; \`npm run mutation hedge\` does so for one set, and \`npm run mutation -- hedge --again\` asks only about what
is open. The reasons below are written by people, in [quality-survivors.json](quality-survivors.json).

| set | score | open | mutants | killed | cannot be | of \`packages/\` |
| --- | ---: | ---: | ---: | ---: | ---: | --- |
${table.join('\n')}

The score is of those that can be killed: all but the equivalent ones and those that only cost time. At least ${least} % are asked for. Not every
test is asked, see \`scripts/mutation/sets.mjs\`: real servers, other processes, many draws and pairs of packages might notice more.

${Object.entries(kinds).map(([kind, meaning]) => `- **${kind}**: ${meaning}`).join('\n')}
${survivors.join('\n')}
`
  return { text, rows, stale: reasons.filter((reason) => !used.has(reason) && rows.some(({ mutate }) => mutate.some((glob) => reason.file.startsWith(glob.split('/')[0])))) }
}

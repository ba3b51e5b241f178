/** Draws rows (the first holds the headings) as a Markdown table with padded columns; all but the first are right-aligned. */
export function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(3, ...rows.map((row) => row[column].length)))
  const line = (row) =>
    `| ${row.map((cell, i) => (i ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join(' | ')} |`
  const rule = `| ${widths.map((width, i) => (i ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width))).join(' | ')} |`
  return [line(rows[0]), rule, ...rows.slice(1).map(line)].join('\n')
}

/** Says whether a measured value keeps to its target, and by how much it does not. */
export function verdict(value, target) {
  if (target === undefined || value === undefined) return ''
  return value <= target ? 'met' : `missed by ${Math.round((value / target - 1) * 1000) / 10} %`
}

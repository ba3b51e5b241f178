import { waitOptions } from './policy.ts'
import { fields, type Settings, strategies, type Strategy } from './settings.ts'

/** Digits as people group them in TypeScript: 60_000. */
const number = (value: number): string => (Number.isInteger(value) && Math.abs(value) >= 1_000 ? String(value).replaceAll(/\B(?=(\d{3})+$)/g, '_') : String(value))

const object = (entries: (readonly [string, string])[]): string => (entries.length > 0 ? `{ ${entries.map(([name, value]) => `${name}: ${value}`).join(', ')} }` : '')

/** The call of the strategy with what differs from its defaults. */
function waitCode(settings: Settings): string {
  const strategy = settings.wait as Strategy
  const options = waitOptions(settings)
  const known: Record<string, { initial: number }> = strategies[strategy]
  const changed = Object.entries(options).filter(([name, value]) => value !== known[name]?.initial)
  if (strategy === 'constant') return `constant(${number(options.interval!)})`
  return `${strategy}(${object(changed.map(([name, value]) => [name, number(value)]))})`
}

/** The TypeScript that does what was chosen. */
export function code(settings: Settings): string {
  const core = new Set(['retry', settings.wait as string])
  const lines = [`wait: ${waitCode(settings)},`]
  if (settings.jitter !== fields.jitter!.initial) {
    lines.push(`jitter: ${settings.jitter as string},`)
    if (settings.jitter !== 'null') core.add(settings.jitter as string)
  }
  lines.push(`maxTries: ${number(settings.maxTries as number)},`)
  if (!Number.isNaN(settings.maxTime)) lines.push(`maxTime: ${number(settings.maxTime as number)},`)
  const use: string[] = []
  const imports: string[] = []
  const before: string[] = []
  if (settings.breaker) {
    imports.push(`import { CircuitBreaker } from '@backon/breaker'`)
    before.push(
      '// One for all calls of the service.',
      `const breaker = new CircuitBreaker({ failureThreshold: ${number(settings.failureThreshold as number)}, recoveryTimeout: ${number(settings.recoveryTimeout as number)}, name: 'service' })`,
    )
    use.push('breaker')
  }
  if (!Number.isNaN(settings.timeout)) {
    core.add('timeout')
    use.push(`timeout(${number(settings.timeout as number)})`)
  }
  if (settings.hedge) {
    imports.push(`import { hedging } from '@backon/hedge'`)
    use.push(`hedging({ wait: ${number(settings.hedgeWait as number)}, maxHedge: ${number(settings.maxHedge as number)} })`)
  }
  if (use.length > 0) lines.push(`use: [${use.join(', ')}],`)
  const url = settings.service === 'url' && settings.url ? String(settings.url) : 'https://example.com/'
  return [
    `import { ${[...core].sort().join(', ')} } from '@backon/core'`,
    ...imports,
    '',
    ...before,
    ...(before.length > 0 ? [''] : []),
    'const load = (signal: AbortSignal) =>',
    '  retry(',
    '    async (attempt) => {',
    `      const response = await fetch(${JSON.stringify(url)}, { signal: attempt.signal })`,
    '      if (!response.ok) throw new Error(`status ${response.status}`)',
    '      return response',
    '    },',
    '    {',
    ...lines.map((line) => `      ${line}`),
    '      signal,',
    '    },',
    '  )',
    '',
  ].join('\n')
}

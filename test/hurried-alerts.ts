import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The folder with the alerts and the dashboard. */
export const operations = join(import.meta.dirname, '../packages/metrics-prometheus')

/** The alerts as they are shipped, but that a minute is a second. */
export const hurriedAlerts = readFileSync(join(operations, 'alerts.yml'), 'utf8').replaceAll(/(?<=for: |\[)(\d+)m\b/g, '$1s')

export const alertNames = [...hurriedAlerts.matchAll(/alert: (\w+)/g)].map(([, name]) => name!).sort()

import { existsSync, readFileSync, readdirSync } from 'node:fs'

/** Lists the packages of packages/ with their manifests; the template (`_template`) only when asked for. */
export function packages({ template = false } = {}) {
  return readdirSync('packages')
    .filter((folder) => existsSync(`packages/${folder}/package.json`) && (template || !folder.startsWith('_')))
    .map((folder) => ({ folder, path: `packages/${folder}`, manifest: JSON.parse(readFileSync(`packages/${folder}/package.json`, 'utf8')) }))
}

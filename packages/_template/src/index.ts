export { myPlugin } from './my-plugin.ts'
export type { MyPlugin } from './my-plugin.ts'

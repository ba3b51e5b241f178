import type { Wait } from '../types.ts'

/** What a composite is: exact, and timeless, when all its members are. */
export const marks = (members: readonly Wait[]): { exact: boolean; timeless: boolean } => ({
  exact: members.every((member) => member.exact),
  timeless: members.every((member) => member.timeless),
})

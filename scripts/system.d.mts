export function ensure(name: string, binary?: string): { path: string; why?: undefined } | { path?: undefined; why: string }

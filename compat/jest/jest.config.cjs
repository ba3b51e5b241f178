// One project for each of the ways that packages/testing/README.md shows; `npm run compat jest` runs them.
const common = {
  testMatch: ['<rootDir>/*.test.ts'],
  // The packages are ES modules, which Jest's own module system cannot load as they are: they are compiled like your own code.
  transformIgnorePatterns: ['/node_modules/(?!(\\.pnpm/)?@backon)'],
}

module.exports = {
  projects: [
    { ...common, displayName: 'ts-jest', transform: { '^.+\\.[jt]s$': ['ts-jest', { tsconfig: { allowJs: true } }] } },
    { ...common, displayName: 'swc', transform: { '^.+\\.[jt]s$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' } } }] } },
    { ...common, displayName: 'babel-jest', transform: { '^.+\\.[jt]s$': ['babel-jest', { presets: [['@babel/preset-env', { targets: { node: 'current' } }], '@babel/preset-typescript'] }] } },
  ],
}

// One project for each way to compile. In a project of your own one of the three `transform` lines is enough, with `transformIgnorePatterns`.
const common = {
  rootDir: __dirname,
  testMatch: ['<rootDir>/*.test.ts'],
  // The packages are ES modules, which Jest's own module system cannot load as they are: they are compiled like your own code.
  transformIgnorePatterns: ['/node_modules/(?!(\\.pnpm/)?@backon)'],
}

module.exports = {
  projects: [
    { ...common, displayName: 'ts-jest', transform: { '^.+\\.[jt]s$': ['ts-jest', { tsconfig: '<rootDir>/tsconfig.json', diagnostics: false }] } },
    { ...common, displayName: 'babel-jest', transform: { '^.+\\.js$': ['babel-jest', { configFile: false, presets: [['@babel/preset-env', { targets: { node: 'current' } }]] }], '^.+\\.ts$': ['ts-jest', { tsconfig: '<rootDir>/tsconfig.json', diagnostics: false }] } },
    { ...common, displayName: 'swc', transform: { '^.+\\.[jt]s$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } }] } },
  ],
}

// Your own code is compiled as it was; what is an ES module in node_modules is loaded as one. Needs Node 24.9 and NODE_OPTIONS=--experimental-vm-modules.
module.exports = { testMatch: ['<rootDir>/*.test.ts'], transform: { '^.+\\.ts$': ['ts-jest', { tsconfig: '<rootDir>/tsconfig.json', diagnostics: false }] } }

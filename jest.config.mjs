/** Tests run on the sources: no build of TypeScript is needed, only of the addon. */
export default {
  rootDir: '.',
  testMatch: ['<rootDir>/packages/*/src/**/*.test.ts', '<rootDir>/tests/**/*.test.ts', '<rootDir>/bench/**/*.test.ts'],
  testEnvironment: '<rootDir>/tests/support/environment.mjs',
  testEnvironmentOptions: { customExportConditions: ['@ir/source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
    ],
  },
  modulePathIgnorePatterns: ['<rootDir>/.*/dist/', '<rootDir>/.nx/'],
  testTimeout: 60_000,
  maxWorkers: 2,
};

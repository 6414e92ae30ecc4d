const common = {
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': '@swc/jest' },
  moduleNameMapper: {
    '^@gpo/([a-z0-9-]+)$': '<rootDir>/libs/$1/src/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
};

/** Three sizes: pure tables; a module with real Postgres and Kafka; the whole path in real processes. And what every connector must pass. */
export default {
  // A bound for what hangs, not a measure of speed: two runs and their servers share the machine. Only read here.
  testTimeout: 60_000,
  projects: [
    { ...common, displayName: 'unit', testMatch: ['**/*.spec.ts'] },
    { ...common, displayName: 'conformance', testMatch: ['**/*.conform-spec.ts'] },
    {
      ...common,
      displayName: 'module',
      testMatch: ['**/*.int-spec.ts'],
      globalSetup: '<rootDir>/tools/testing/global-setup.mjs',
      globalTeardown: '<rootDir>/tools/testing/global-teardown.mjs',
    },
    {
      ...common,
      displayName: 'path',
      testMatch: ['**/*.e2e-spec.ts'],
      globalSetup: '<rootDir>/tools/testing/global-setup.mjs',
      globalTeardown: '<rootDir>/tools/testing/global-teardown.mjs',
    },
  ],
};

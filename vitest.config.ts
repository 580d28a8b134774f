import { defineConfig } from 'vitest/config';

const integration = {
  pool: 'forks',
  fileParallelism: false,
  testTimeout: 240_000,
  hookTimeout: 240_000,
} as const;

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'] } },
      // somebody else's project with the packed package in it: packs, and runs the compiler
      { test: { name: 'package', include: ['test/package/**/*.test.ts'] } },
      // the stand-in's own tests, in Go: minutes when nothing is compiled yet
      { test: { name: 'standin', include: ['test/standin/**/*.test.ts'] } },
      {
        test: {
          ...integration,
          name: 'integration',
          include: ['test/integration/**/*.test.ts', 'test/all/**/*.test.ts'],
          globalSetup: ['test/integration/shared-sandbox.ts'],
        },
      },
    ],
  },
});

import { defineConfig } from 'vitest/config';

const integration = {
  pool: 'forks',
  fileParallelism: false,
  testTimeout: 500_000,
  hookTimeout: 240_000,
  sequence: { groupOrder: 1 },
} as const;

/** What needs no sandbox runs first, on every core: the waits of the others must not starve. */
const alone = { maxWorkers: '100%', sequence: { groupOrder: 0 } } as const;

export default defineConfig({
  test: {
    projects: [
      { test: { ...alone, name: 'unit', include: ['test/unit/**/*.test.ts'] } },
      // somebody else's project with the packed package in it: packs, and runs the compiler
      { test: { ...alone, name: 'package', include: ['test/package/**/*.test.ts'] } },
      // the stand-in's own tests, in Go: minutes when nothing is compiled yet
      { test: { ...alone, name: 'standin', include: ['test/standin/**/*.test.ts'] } },
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

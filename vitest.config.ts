import { defineConfig } from 'vitest/config';

const folders = '{packages,apps,tooling}/**/test/**';
const SLOW = `${folders}/*.slow.test.ts`;

// Tests run on sources: the private export condition makes every workspace package resolve to its src/.
export default defineConfig({
  resolve: { conditions: ['@vivarium/source'] },
  ssr: { resolve: { conditions: ['@vivarium/source'] } },
  test: {
    exclude: ['**/node_modules/**', '**/dist/**'],
    execArgv: ['--conditions=@vivarium/source'],
    coverage: {
      provider: 'v8',
      reportOnFailure: true,
      include: ['packages/**/src/**/*.ts'],
      // Entry points of processes and workers run outside of the test runner; the slow tests start them.
      exclude: ['**/src/main.ts', '**/*.d.ts'],
      reporter: ['text-summary', 'html', 'json-summary'],
      thresholds: { lines: 85, functions: 85, branches: 75 },
    },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: [`${folders}/*.test.ts`],
          exclude: ['**/node_modules/**', SLOW],
          testTimeout: 60_000,
        },
      },
      {
        // Boots of whole guests and runs against other emulators: one file at a time, for they use every core.
        extends: true,
        test: { name: 'slow', include: [SLOW], testTimeout: 900_000, hookTimeout: 900_000, fileParallelism: false },
      },
    ],
  },
});

import { defineConfig } from 'vitest/config';

// Tests run on sources: the private export condition makes every workspace package resolve to its src/.
export default defineConfig({
  resolve: { conditions: ['@vivarium/source'] },
  ssr: { resolve: { conditions: ['@vivarium/source'] } },
  test: {
    include: ['packages/**/test/**/*.test.ts', 'apps/**/test/**/*.test.ts', 'tooling/**/test/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    execArgv: ['--conditions=@vivarium/source'],
    testTimeout: 60_000,
  },
});

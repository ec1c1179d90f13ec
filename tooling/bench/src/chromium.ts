import { createReadStream, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { build, defaultClientConditions, type InlineConfig, type Plugin, preview } from 'vite';
import type { BenchGuest } from './guest.ts';
import type { JobTime } from './marks.ts';

const CANDIDATES = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'];

/** Serves the guest's files beside the page. */
const guestFiles = (guest: BenchGuest): Plugin => ({
  name: 'bench-guest',
  configurePreviewServer: ({ middlewares }) => {
    for (const name of ['kernel', 'initrd'] as const) {
      middlewares.use(`/${name}`, (_request, response) => void createReadStream(guest[name]).pipe(response));
    }
  },
});

/** The same machine in a worker of a page. */
export interface ChromiumBench extends AsyncDisposable {
  run(jobs: readonly string[]): Promise<readonly JobTime[]>;
}

/** Builds the page and starts the browser. */
export const chromiumBench = async (guest: BenchGuest): Promise<ChromiumBench> => {
  const executablePath = CANDIDATES.find((path) => existsSync(path));
  if (executablePath === undefined) throw new Error('there is no Chromium (Debian: chromium-headless-shell)');
  await using started = new AsyncDisposableStack();
  const outDir = started.adopt(mkdtempSync(join(tmpdir(), 'vivarium-bench-page-')), (folder) =>
    rmSync(folder, { recursive: true, force: true }),
  );
  const config: InlineConfig = {
    root: fileURLToPath(new URL('../page', import.meta.url)),
    configFile: false,
    logLevel: 'error',
    plugins: [guestFiles(guest)],
    resolve: { conditions: ['@vivarium/source', ...defaultClientConditions] },
    // reflect-metadata has to run before tsyringe, which is imported behind it.
    worker: { format: 'es', rolldownOptions: { output: { strictExecutionOrder: true } } },
    build: { outDir, emptyOutDir: true, target: 'es2023' },
  };
  await build(config);
  const server = await preview({ ...config, preview: { host: '127.0.0.1', port: 0 } });
  started.defer(() => server.close());
  const args = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'];
  const browser = await chromium.launch({ executablePath, args });
  started.defer(() => browser.close());
  const url = server.resolvedUrls?.local[0] ?? '';
  const everything = started.move();
  return {
    run: async (jobs) => {
      const page = await browser.newPage();
      try {
        await page.goto(url);
        return await page.evaluate((commandLine) => globalThis.runJobs(commandLine), guest.commandLine(jobs));
      } finally {
        await page.close();
      }
    },
    [Symbol.asyncDispose]: () => everything.disposeAsync(),
  };
};

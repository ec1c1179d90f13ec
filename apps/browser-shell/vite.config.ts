import { defaultClientConditions, defineConfig } from 'vite';
import { diskServer } from './src/server/disk-server.ts';
import { guestServer } from './src/server/guest-server.ts';
import { securityHeaders } from './src/server/security-headers.ts';
import { uplinkMode, uplinkServer } from './src/server/uplink-server.ts';

/** Workspace packages are taken from their sources: nothing has to be built first. */
const conditions = ['@vivarium/source', ...defaultClientConditions];

export default defineConfig({
  plugins: [
    securityHeaders(),
    guestServer(),
    diskServer(process.env['VIVARIUM_DISK']),
    uplinkServer(uplinkMode(process.env['VIVARIUM_UPLINK'])),
  ],
  resolve: { conditions },
  // tsyringe looks for reflect-metadata when it is loaded. Bundled without this, CommonJS modules (reflect-metadata is
  // one) run after the ES modules that are imported behind them.
  worker: { format: 'es', rolldownOptions: { output: { strictExecutionOrder: true } } },
  build: {
    target: 'es2023',
    sourcemap: true,
    chunkSizeWarningLimit: 1000,
    rolldownOptions: { input: ['index.html', 'lan.html'] },
  },
  // Dependencies of workspace packages, named up front: found later, they would reload the page in the middle of a boot.
  optimizeDeps: {
    include: [
      '@xterm/addon-fit',
      '@xterm/xterm',
      '@vivarium/kernel > reflect-metadata',
      '@vivarium/kernel > tsyringe',
      '@vivarium/board-virt > @vivarium/char-pipe > zod',
    ],
  },
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type PreviewServer, preview } from 'vite';

export const root = fileURLToPath(new URL('..', import.meta.url));
export const address = { host: '127.0.0.1', port: 0 };

export const urlOf = (server: { readonly resolvedUrls: { readonly local: string[] } | null }): string => {
  const url = server.resolvedUrls?.local[0];
  if (url === undefined) throw new Error('the server has no address');
  return url;
};

/** The pages as they are published, and the server that a user of `pnpm preview` has. */
export interface BuiltPage {
  readonly server: PreviewServer;
  readonly url: string;
  close(): Promise<void>;
}

export const builtPage = async (): Promise<BuiltPage> => {
  const outDir = await mkdtemp(join(tmpdir(), 'vivarium-page-'));
  const config = { root, configLoader: 'native', logLevel: 'warn', build: { outDir, emptyOutDir: true } } as const;
  await build(config);
  const server = await preview({ ...config, preview: address });
  return {
    server,
    url: urlOf(server),
    close: async () => {
      await server.close();
      await rm(outDir, { recursive: true, force: true });
    },
  };
};

import { stat } from 'node:fs/promises';
import type { Plugin, PreviewServer, ViteDevServer } from 'vite';
import { DISK_PATH, type DiskDescription } from '../disk-description.ts';
import { problemOf } from '../problem.ts';
import { diskImage } from './disk-image.ts';
import { sendFile } from './file-response.ts';
import { sendJson } from './json-response.ts';

const IMAGE_PATH = '/disk/image';

const serve = (image: string | undefined, { middlewares, config, httpServer }: ViteDevServer | PreviewServer): void => {
  let description: DiskDescription = { state: 'preparing' };
  let file: string | undefined;
  const abortion = new AbortController();
  httpServer?.once('close', () => abortion.abort());
  const prepare = async (): Promise<void> => {
    try {
      file = image ?? (await diskImage(config.cacheDir, abortion.signal));
      description = { state: 'ready', path: IMAGE_PATH, length: (await stat(file)).size };
    } catch (error) {
      if (abortion.signal.aborted) return;
      const problem = problemOf(error);
      config.logger.error(`  disk: ${problem.code}: ${problem.message}`);
      description = { state: 'failed', problem };
    }
  };
  void prepare();
  middlewares.use((request, response, next) => {
    const path = request.url?.split('?', 1)[0] ?? '';
    if (path === DISK_PATH) sendJson(response, description);
    else if (path === IMAGE_PATH && file !== undefined) void sendFile(request, response, file);
    else next();
  });
};

/** Vite plugin: serves a disk image in ranges: `image`, or an ext4 one that is made when the server starts. */
export const diskServer = (image: string | undefined): Plugin => ({
  name: 'vivarium-disk-server',
  configureServer: (server) => serve(image, server),
  configurePreviewServer: (server) => serve(image, server),
});

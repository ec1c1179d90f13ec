import { stat } from 'node:fs/promises';
import { commandLine, type DebianGuest, prepareDebian, type Progress } from '@vivarium/guest-debian';
import type { Logger, Plugin, PreviewServer, ViteDevServer } from 'vite';
import { GUEST_PATH, type GuestDescription, type GuestFile } from '../guest-description.ts';
import { problemOf } from '../problem.ts';
import { sendFile } from './file-response.ts';
import { sendJson } from './json-response.ts';

const KERNEL_PATH = '/guest/kernel';
const INITRD_PATH = '/guest/initrd';

/** The prepared guest: what is said of it, and its files by path. */
interface Served {
  readonly description: GuestDescription;
  readonly files: ReadonlyMap<string, string>;
}

const NOTHING: ReadonlyMap<string, string> = new Map();

const describeFile = async (path: string, file: string): Promise<GuestFile> => {
  const { size } = await stat(file);
  return { path, length: size };
};

const ready = async ({ kernel, initrd, release }: DebianGuest): Promise<Served> => ({
  description: {
    state: 'ready',
    release,
    kernel: await describeFile(KERNEL_PATH, kernel),
    initrd: await describeFile(INITRD_PATH, initrd),
    commandLine: commandLine({ interactive: true }),
  },
  files: new Map([
    [KERNEL_PATH, kernel],
    [INITRD_PATH, initrd],
  ]),
});

/** Says each step once, and how far it is in steps of a tenth. */
const progressLog = (logger: Logger): ((progress: Progress) => void) => {
  let last = '';
  return (progress) => {
    const { done = 0, total = 0 } = progress as { readonly done?: number; readonly total?: number };
    const percent = total > 0 ? `${Math.floor((done / total) * 10) * 10} %` : '';
    const line = percent === '' ? progress.message : `${progress.message}: ${percent}`;
    if (line !== last) logger.info(`  guest: ${line}`);
    last = line;
  };
};

/** Prepares the guest in the background; what is served says how far that is. */
class PreparedGuest {
  #served: Served = { description: { state: 'preparing', message: 'Preparing the guest' }, files: NOTHING };

  get served(): Served {
    return this.#served;
  }

  async prepare(logger: Logger, signal: AbortSignal): Promise<void> {
    const log = progressLog(logger);
    try {
      const guest = await prepareDebian({
        signal,
        onProgress: (progress) => {
          log(progress);
          const { step: _step, ...shown } = progress;
          this.#served = { description: { state: 'preparing', ...shown }, files: NOTHING };
        },
      });
      this.#served = await ready(guest);
    } catch (error) {
      if (signal.aborted) return;
      const problem = problemOf(error);
      logger.error(`  guest: ${problem.code}: ${problem.message}\n  hint: ${problem.hint ?? ''}`);
      this.#served = { description: { state: 'failed', problem }, files: NOTHING };
    }
  }
}

const serve = ({ middlewares, config, httpServer }: ViteDevServer | PreviewServer): void => {
  const guest = new PreparedGuest();
  const abortion = new AbortController();
  httpServer?.once('close', () => abortion.abort());
  void guest.prepare(config.logger, abortion.signal);
  middlewares.use((request, response, next) => {
    const path = request.url?.split('?', 1)[0] ?? '';
    const { description, files } = guest.served;
    const file = files.get(path);
    if (path === GUEST_PATH) sendJson(response, description);
    else if (file === undefined) next();
    else void sendFile(request, response, file);
  });
};

/** Vite plugin: prepares Debian when the development or preview server starts, and serves it to the page. */
export const guestServer = (): Plugin => ({
  name: 'vivarium-guest-server',
  configureServer: serve,
  configurePreviewServer: serve,
});

import type { VirtBoot } from '@vivarium/board-virt';
import type { BootImage } from '@vivarium/contracts';
import { commandLine, execOverlay, type GuestRoot, prepareDebian } from '@vivarium/guest-debian';
import { NO_INITRD, type RunRequest } from './command-line.ts';
import { readImage } from './image-file.ts';
import type { Progress } from './progress.ts';

/** Archives of an initrd follow each other at multiples of four bytes (Linux, early-userspace/buffer-format.rst). */
const joinArchives = (first: BootImage, second: Uint8Array): BootImage => {
  const start = Math.ceil(first.bytes.length / 4) * 4;
  const bytes = new Uint8Array(start + second.length);
  bytes.set(first.bytes);
  bytes.set(second, start);
  return { name: first.name, bytes };
};

interface LinuxImages {
  readonly kernel: BootImage;
  readonly initrd?: BootImage;
}

const optionalImage = async (option: string, path: string | undefined): Promise<BootImage | undefined> =>
  path === undefined ? undefined : readImage(option, path);

/** Debian's images, or those given in their place; nothing is prepared when both are given. */
const debianImages = async (request: RunRequest, progress: Progress, signal: AbortSignal): Promise<LinuxImages> => {
  const kernel = await optionalImage('--kernel', request.kernel);
  const without = request.initrd === NO_INITRD;
  const initrd = without ? undefined : await optionalImage('--initrd', request.initrd);
  if (kernel !== undefined && (without || initrd !== undefined)) return { kernel, ...(initrd && { initrd }) };
  try {
    const prepared = await prepareDebian({
      signal,
      onProgress: (report) => {
        if (report.step !== 'ready') progress.report(report); // the machine starts now, which tells as much
      },
    });
    return {
      kernel: kernel ?? (await readImage('debian kernel', prepared.kernel)),
      ...(without ? {} : { initrd: initrd ?? (await readImage('debian initrd', prepared.initrd)) }),
    };
  } finally {
    progress.done();
  }
};

const joinWords = (...words: readonly (string | undefined)[]): string =>
  words.filter((word) => word !== undefined && word !== '').join(' ');

/** What the machine starts with. Reads the images, and prepares the guest when it has to. */
export const bootOf = async (
  request: RunRequest,
  root: GuestRoot | undefined,
  progress: Progress,
  signal: AbortSignal,
): Promise<VirtBoot> => {
  const { guest, exec, append, bios } = request;
  if (guest !== undefined) {
    const { kernel, initrd } = await debianImages(request, progress, signal);
    const overlaid = initrd === undefined || exec === undefined ? initrd : joinArchives(initrd, execOverlay(exec));
    return {
      kind: 'kernel',
      kernel,
      ...(overlaid === undefined ? {} : { initrd: overlaid }),
      commandLine: joinWords(
        commandLine({
          interactive: exec === undefined,
          dhcp: request.networks.some(({ kind }) => kind === 'user'),
          ...(root === undefined ? {} : { root }),
        }),
        append,
      ),
    };
  }
  const kernel = await optionalImage('--kernel', request.kernel);
  const initrd = await optionalImage('--initrd', request.initrd);
  const rest = {
    ...(initrd === undefined ? {} : { initrd }),
    ...(append === undefined ? {} : { commandLine: append }),
  };
  if (bios === undefined && kernel !== undefined) return { kind: 'kernel', kernel, ...rest };
  const image = await readImage('--bios', bios ?? '');
  return { kind: 'bios', bios: image, ...(kernel === undefined ? {} : { kernel }), ...rest };
};

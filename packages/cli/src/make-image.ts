import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { convertToQcow2 } from '@vivarium/board-virt';
import { makeExt4, type ReportProgress, unpackDebian } from '@vivarium/guest-debian';
import { openHostFile } from '@vivarium/host-file/node';
import type { ImageRequest } from './command-line.ts';
import { errors } from './errors.ts';
import { abortOnSignal } from './interruption.ts';
import { Progress } from './progress.ts';
import type { Streams } from './session.ts';

const DISK = /\.(img|raw|qcow2)$/i;

/** Makes a root file system for `--root`: a folder, or a disk image. Leaves nothing behind when it fails. */
export const makeImage = async ({ output, packages, size }: ImageRequest, { stderr }: Streams): Promise<void> => {
  const target = resolve(output);
  if (existsSync(target)) throw errors.make('VIV_FILE_UNWRITABLE', `'${output}' is there already`);
  const progress = new Progress(stderr);
  const onProgress: ReportProgress = (report) => {
    if (report.step !== 'ready') progress.report(report); // that is about the kernel; the image comes after it
  };
  try {
    await abortOnSignal(async (signal) => {
      const unpack = (directory: string) => unpackDebian({ directory, packages, signal, onProgress });
      const format = DISK.exec(target)?.[1]?.toLowerCase();
      if (format === undefined) {
        await unpack(target);
        return;
      }
      // On the same file system as the image, so that it can take its name when it is whole.
      const folder = await mkdtemp(join(dirname(target), `.${basename(target)}-`));
      try {
        const { directory } = await unpack(join(folder, 'root'));
        progress.update('Making the file system');
        const raw = join(folder, 'disk.raw');
        await makeExt4(directory, raw, size, signal);
        await rename(format === 'qcow2' ? toQcow2(raw, join(folder, 'disk.qcow2')) : raw, target);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });
  } finally {
    progress.done();
  }
  stderr.write(`viv: ${output} is ready: viv run debian --root ${output}\n`);
};

const toQcow2 = (raw: string, path: string): string => {
  const from = openHostFile(raw, { readOnly: true });
  const to = openHostFile(path, { create: true });
  try {
    convertToQcow2(from, to);
  } finally {
    from.close();
    to.close();
  }
  return path;
};

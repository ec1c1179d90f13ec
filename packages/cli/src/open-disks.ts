import type { VirtDisk } from '@vivarium/board-virt';
import { openHostFile } from '@vivarium/host-file/node';
import type { DiskArgument } from './disk-argument.ts';

/** The disk images of one run; they close with it. */
export interface OpenDisks extends Disposable {
  readonly disks: readonly VirtDisk[];
}

/** Opens the images in order. Throws the coded errors of `openHostFile`, and leaves nothing open then. */
export const openDisks = (arguments_: readonly DiskArgument[]): OpenDisks => {
  const disks: VirtDisk[] = [];
  const close = (): void => {
    for (const { file } of disks.splice(0)) file.close();
  };
  try {
    for (const { path, readOnly, serial } of arguments_) {
      disks.push({ file: openHostFile(path, { readOnly }), readOnly, ...(serial === undefined ? {} : { serial }) });
    }
  } catch (error) {
    close();
    throw error;
  }
  return { disks: [...disks], [Symbol.dispose]: close };
};

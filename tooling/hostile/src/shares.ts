import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bind, type FsBackend, FsBackendToken } from '@vivarium/contracts';
import { storageHostDirectory } from '@vivarium/storage-host-directory';
import { openHostDirectory } from '@vivarium/storage-host-directory/node';
import { storageMemoryFiles } from '@vivarium/storage-memory-files';
import { setupPart, type VirtioSubject } from '@vivarium/testkit';
import { virtio9p } from '@vivarium/virtio-9p';
import { virtioFs } from '@vivarium/virtio-fs';
import { subject } from './subject.ts';

/** Files that a share is backed by, and what takes them away. */
export interface Files {
  readonly backend: FsBackend;
  readonly dispose?: () => void;
}

export const filesInMemory = async (): Promise<Files> => ({
  backend: (await setupPart(storageMemoryFiles, { options: { files: { file: 'content' } } })).get(FsBackendToken),
});

export const filesOnHost = async (): Promise<Files> => {
  const path = mkdtempSync(join(tmpdir(), 'vivarium-hostile-'));
  const tree = openHostDirectory(path);
  const backend = (await setupPart(storageHostDirectory, { options: { tree } })).get(FsBackendToken);
  return {
    backend,
    dispose: () => {
      backend.reset();
      tree.dispose();
      rmSync(path, { recursive: true });
    },
  };
};

/** FUSE_INIT of protocol 7.38 (linux/fuse.h): the header in one buffer, its arguments in another. */
export const fuse = async (files: () => Promise<Files>): Promise<VirtioSubject> => {
  const message = Uint8Array.from({ length: 104 });
  const fields = new DataView(message.buffer);
  for (const [at, value] of [
    [0, message.length],
    [4, 26],
    [40, 7],
    [44, 38],
  ] as const)
    fields.setUint32(at, value, true);
  const { backend, ...rest } = await files();
  const part = setupPart(virtioFs, { options: { tag: 'share' }, provide: [bind(FsBackendToken, backend)] });
  return {
    ...(await subject(part, {
      queue: 1,
      readable: [message.subarray(0, 40), message.subarray(40)],
      writable: [16, 64],
      answered: (written, length) => length === 80 && written[16] === 7,
    })),
    ...rest,
  };
};

/** Tversion, which Rversion (101) answers. */
export const nine = async (files: () => Promise<Files>): Promise<VirtioSubject> => {
  const version = '9P2000.L';
  const head = Uint8Array.of(21, 0, 0, 0, 100, 0xff, 0xff, 0, 0x20, 0, 0, version.length, 0);
  const { backend, ...rest } = await files();
  const part = setupPart(virtio9p, { options: { tag: 'share' }, provide: [bind(FsBackendToken, backend)] });
  return {
    ...(await subject(part, {
      queue: 0,
      readable: [head, new TextEncoder().encode(version)],
      writable: [7, 14],
      answered: (written, length) => length === 21 && written[4] === 101,
    })),
    ...rest,
  };
};

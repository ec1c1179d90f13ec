import { BlockBackendToken, bind, CharBackendToken, NetBackendToken } from '@vivarium/contracts';
import { createSwitch, switchPort } from '@vivarium/net-switch';
import { storageMemory } from '@vivarium/storage-memory';
import { fakeCharBackend, setupPart, type VirtioSubject } from '@vivarium/testkit';
import { virtioBalloon } from '@vivarium/virtio-balloon';
import { virtioBlk } from '@vivarium/virtio-blk';
import { virtioConsole } from '@vivarium/virtio-console';
import { virtioNet } from '@vivarium/virtio-net';
import { virtioRng } from '@vivarium/virtio-rng';
import { virtioVsock } from '@vivarium/virtio-vsock';
import { filesInMemory, filesOnHost, fuse, nine } from './shares.ts';
import { subject } from './subject.ts';

const MEBIBYTE = 1024 * 1024;
const SECTOR = 512;

/** A device as its plugin makes it, on a real backend, and a request that it serves when it is well. */
export interface HostileTarget {
  readonly name: string;
  readonly make: () => Promise<VirtioSubject>;
}

const block = async (readOnly: boolean): Promise<VirtioSubject> => {
  const bytes = new Uint8Array(MEBIBYTE).fill(0x5a);
  const disk = await setupPart(storageMemory, { options: { bytes } });
  const backend = bind(BlockBackendToken, disk.get(BlockBackendToken));
  return subject(setupPart(virtioBlk, { options: { readOnly, serial: 'target' }, provide: [backend] }), {
    queue: 0,
    // A read of the first sector: type 0, sector 0.
    readable: [new Uint8Array(16)],
    writable: [SECTOR, 1],
    answered: (written, length) => length === SECTOR + 1 && written[0] === 0x5a && written[SECTOR] === 0,
  });
};

const network = async (): Promise<VirtioSubject> => {
  const port = await setupPart(switchPort, { options: { port: createSwitch().port() } });
  const backend = bind(NetBackendToken, port.get(NetBackendToken));
  return subject(setupPart(virtioNet, { options: { mac: '02:00:00:00:00:01' }, provide: [backend] }), {
    queue: 1,
    readable: [new Uint8Array(12), new Uint8Array(60)],
  });
};

/** Every virtio device of ours. */
export const TARGETS: readonly HostileTarget[] = [
  { name: 'blk', make: () => block(false) },
  { name: 'blk, read-only', make: () => block(true) },
  { name: 'net', make: network },
  {
    name: 'console',
    make: () =>
      subject(setupPart(virtioConsole, { provide: [bind(CharBackendToken, fakeCharBackend())] }), {
        queue: 1,
        readable: [Uint8Array.of(104, 105)],
      }),
  },
  {
    name: 'rng',
    make: () => subject(setupPart(virtioRng, { options: { seed: 1 } }), { queue: 0, writable: [64] }),
  },
  {
    name: 'balloon',
    make: () =>
      subject(setupPart(virtioBalloon, { options: { target: MEBIBYTE } }), {
        queue: 0,
        readable: [new Uint8Array(Uint32Array.of(0x8_0001, 0x8_0002).buffer)],
      }),
  },
  {
    name: 'balloon, free page reporting',
    make: () => subject(setupPart(virtioBalloon), { queue: 4, writable: [4096, 4096] }),
  },
  {
    name: 'vsock',
    // A packet from nobody, which is dropped.
    make: () => subject(setupPart(virtioVsock), { queue: 1, readable: [new Uint8Array(44), new Uint8Array(100)] }),
  },
  { name: 'fs', make: () => fuse(filesInMemory) },
  { name: 'fs, a directory of the host', make: () => fuse(filesOnHost) },
  { name: '9p', make: () => nine(filesInMemory) },
  { name: '9p, a directory of the host', make: () => nine(filesOnHost) },
];

import type { FuzzTarget } from '../engine/target.ts';

/** Every target, by name. They are loaded one by one, for each runs in a thread of its own. */
export const TARGETS: Readonly<Record<string, () => Promise<FuzzTarget>>> = {
  'split-ring': async () => (await import('./ring.ts')).splitRing,
  'packed-ring': async () => (await import('./ring.ts')).packedRing,
  blk: async () => (await import('./virtio/blk.ts')).blk,
  net: async () => (await import('./virtio/net.ts')).net,
  console: async () => (await import('./virtio/console.ts')).serialConsole,
  rng: async () => (await import('./virtio/rng.ts')).rng,
  balloon: async () => (await import('./virtio/balloon.ts')).balloon,
  vsock: async () => (await import('./virtio/vsock.ts')).vsock,
  fs: async () => (await import('./virtio/fs.ts')).fs,
  'fs-host': async () => (await import('./virtio/fs.ts')).fsOnHost,
  '9p': async () => (await import('./virtio/nine.ts')).nine,
  '9p-host': async () => (await import('./virtio/nine.ts')).nineOnHost,
  'pci-config': async () => (await import('./pci-config.ts')).pciConfig,
  nat: async () => (await import('./net/nat.ts')).nat,
  switch: async () => (await import('./net/switch.ts')).ethernetSwitch,
  fdt: async () => (await import('./fdt.ts')).fdt,
  'boot-image': async () => (await import('./boot-image.ts')).bootImage,
  gdb: async () => (await import('./gdb.ts')).gdb,
  qcow2: async () => (await import('./qcow2.ts')).qcow2,
};

/** Targets with bugs, for the fuzzer's own tests. */
const SELF: Readonly<Record<string, () => Promise<FuzzTarget>>> = {
  'self-throws': async () => (await import('./self.ts')).throws,
  'self-hangs': async () => (await import('./self.ts')).hangs,
  'self-rejects': async () => (await import('./self.ts')).rejects,
};

/** Undefined when there is no such target. */
export const loadTarget = async (name: string): Promise<FuzzTarget | undefined> => (TARGETS[name] ?? SELF[name])?.();

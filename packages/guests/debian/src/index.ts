/**
 * Debian as the default guest: its riscv64 kernel and a small initramfs (busybox, an init of ours, the modules virtual
 * devices need), made from Debian's own packages. apt fetches and verifies them in a private state below a cache folder:
 * no root, nothing on the host changes, nothing of Debian's is part of this package. Node only, on a host with apt.
 *
 * Formats: cpio `newc`, see cpio(5); the kernel's initramfs, see
 * https://docs.kernel.org/driver-api/early-userspace/buffer-format.html.
 *
 * @example
 * import { readFile } from 'node:fs/promises';
 * import { commandLine, execOverlay, prepareDebian } from '@vivarium/guest-debian';
 *
 * const guest = await prepareDebian({ onProgress: ({ message }) => console.error(message) });
 * const initrd = Buffer.concat([await readFile(guest.initrd), execOverlay('uname -m')]);
 * console.log(guest.kernel, initrd.length, commandLine({ interactive: false }));
 *
 * @module
 */
export { type CommandLineOptions, commandLine, type GuestRoot } from './command-line.ts';
export { CONTROL_PORT } from './control-port.ts';
export { makeExt4 } from './ext4.ts';
export { type CpioEntry, writeCpio } from './cpio.ts';
export { errorTable } from './errors.ts';
export { execOverlay } from './exec-overlay.ts';
export type { GuestPackage } from './image-store.ts';
export { type DebianGuest, type PrepareOptions, prepareDebian } from './prepare.ts';
export type { Progress, ReportProgress } from './progress.ts';
export { type DebianRoot, ROOT_PACKAGES, type RootOptions, unpackDebian } from './root-tree.ts';

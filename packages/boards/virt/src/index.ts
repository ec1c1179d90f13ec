/**
 * A RISC-V board as data, register-compatible with the memory map of QEMU's `virt` machine, so that kernels, firmware
 * and operating systems built for that run unmodified. The device tree is made of the parts that are really there.
 *
 * Specification: docs/system/riscv/virt.rst of QEMU, https://www.qemu.org/docs/master/system/riscv/virt.html.
 * Different here: up to three more serial ports behind the first.
 *
 * @example
 * import { readFileSync } from 'node:fs';
 * import { pipeConsole, virtBoard } from '@vivarium/board-virt';
 *
 * const kernel = readFileSync('vmlinux');
 * const spec = virtBoard({
 *   memory: 512 * 1024 * 1024,
 *   boot: { kind: 'kernel', kernel: { name: 'vmlinux', bytes: kernel }, commandLine: 'console=ttyS0' },
 *   consoles: [pipeConsole('console')],
 * });
 *
 * @module
 */
import { errors } from './errors.ts';

export type { Backend } from './board-device.ts';
export { convertToQcow2, hasQcow2Magic, type OpenBacking, type VirtDisk } from './disks.ts';
export type { GuestServices } from './guest-services.ts';
export { pluggedDisk, pluggedNetwork, slotAddress, type VirtPlace } from './hot-plug.ts';
export type { VirtInterrupts } from './interrupt-wiring.ts';
export { FREE_LINES, INTERRUPT_LINES, MEMORY_MAP, TIMEBASE_FREQUENCY } from './memory-map.ts';
export { datagramNetwork, type HostNetwork, type NatOptions, userNetwork, type VirtNetwork } from './networks.ts';
export {
  DEFAULT_MEMORY,
  MAXIMUM_CONSOLES,
  MAXIMUM_CPUS,
  MAXIMUM_MEMORY,
  MAXIMUM_VIRTIO,
  MINIMUM_MEMORY,
  type VirtBoardOptions,
  type VirtBoot,
} from './options.ts';
export type { VirtPort } from './ports.ts';
export { hostDirectory, type VirtShare } from './shares.ts';
export { pipeConsole, quietPipe, virtBoard } from './virt-board.ts';

/** Every error of this package. */
export const errorTable = errors.table;

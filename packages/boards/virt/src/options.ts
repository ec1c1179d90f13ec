import type { BootImage, PartSpec } from '@vivarium/contracts';
import type { VirtDisk } from './disks.ts';
import { errors } from './errors.ts';
import type { GuestServices } from './guest-services.ts';
import type { VirtInterrupts } from './interrupt-wiring.ts';
import type { VirtNetwork } from './networks.ts';
import type { VirtPort } from './ports.ts';
import type { VirtShare } from './shares.ts';

const MIB = 1024 * 1024;
const PAGE = 4096;

export const MINIMUM_MEMORY = 16 * MIB;
/** The core's own memory shares 4 GiB of linear memory with the guest's. */
export const MAXIMUM_MEMORY = 3584 * MIB;
export const DEFAULT_MEMORY = 256 * MIB;
export const MAXIMUM_CPUS = 8;
export const MAXIMUM_CONSOLES = 4;
/** Virtio devices by bus. */
export const MAXIMUM_VIRTIO = { mmio: 8, pci: 31 } as const;

/** What the machine starts with. */
export type VirtBoot =
  /** A kernel in S-mode, on SBI firmware in the host. */
  | {
      readonly kind: 'kernel';
      readonly kernel: BootImage;
      readonly initrd?: BootImage;
      readonly commandLine?: string;
    }
  /** M-mode firmware or a bare program at reset, and the kernel that it is to start. */
  | {
      readonly kind: 'bios';
      readonly bios: BootImage;
      readonly kernel?: BootImage;
      readonly initrd?: BootImage;
      readonly commandLine?: string;
    };

/** What a board can be asked for. */
export interface VirtBoardOptions extends GuestServices {
  /** Options for the CPU core, besides its harts and time base: see @vivarium/cpu-riscv64. */
  readonly core?: Readonly<Record<string, unknown>>;
  /** For people and logs. Default `virt`. */
  readonly name?: string;
  /** Bytes of RAM. Default 256 MiB; 16 MiB to 3.5 GiB. */
  readonly memory?: number;
  /** Harts. Default 1; 1 to 8. */
  readonly cpus?: number;
  /**
   * Harts that the device tree tells of. The guest starts the first `cpus`; `VcpuAllotment` of the firmware changes that while
   * it runs. Default `cpus`; up to 8, and for kernels on SBI firmware in the host.
   */
  readonly maxCpus?: number;
  /**
   * Each CPU on a thread of its own, over shared memory: for cells that start threads, with the real clock. Default
   * false.
   */
  readonly threads?: boolean;
  /**
   * The interrupt controllers. `plic`, the default; `aplic`, which takes wires and nothing else; `aia`, an APLIC and an
   * IMSIC, which takes message-signalled interrupts of the PCI bus, too.
   */
  readonly interrupts?: VirtInterrupts;
  /** Host time, or time that is counted in instructions, for runs that can be repeated. Default `real`. */
  readonly clock?: 'real' | 'virtual';
  readonly boot: VirtBoot;
  /**
   * Parts that provide a character backend: `serial0` first, at most four. Default one pipe, part id `console0`;
   * an empty list makes a board without a serial port.
   */
  readonly consoles?: readonly PartSpec[];
  /** Disks, `/dev/vda` first in Linux. Each takes a place of the virtio bus, as does everything down to `virtio`. */
  readonly disks?: readonly VirtDisk[];
  /** Network cards. */
  readonly networks?: readonly VirtNetwork[];
  /** Files that the guest mounts. */
  readonly shares?: readonly VirtShare[];
  /** Ports of a virtio console, part id `hvc`, whose own console is the pipe `hvc0`. Default none, and no such console. */
  readonly ports?: readonly VirtPort[];
  /** Further parts that provide a virtio device. Eight devices find a slot on the MMIO bus, 31 on the PCI bus. */
  readonly virtio?: readonly PartSpec[];
  /** The bus of the virtio devices. Default `mmio`. */
  readonly virtioBus?: 'mmio' | 'pci';
  /**
   * Hot-plug slots on the PCI bus, part ids `slot0`…, which take devices while the machine runs. Each takes a place of that
   * bus. Default none.
   */
  readonly slots?: number;
  /** Options of the virtio transports: see @vivarium/virtio-mmio. */
  readonly rings?: Readonly<Record<string, unknown>>;
  /**
   * Further devices, and backends. Regions without an address are placed from 0x4000000 on, interrupts without a wire get a free
   * line of the PLIC or APLIC, part id `plic` or `aplic`.
   */
  readonly devices?: readonly PartSpec[];
}

/** Throws `VIV_BOARD_MEMORY`, `VIV_BOARD_CPUS` and `VIV_BOARD_CONSOLES`. */
export const checkOptions = (memory: number, cpus: number, harts: number, consoles: number): void => {
  if (!Number.isInteger(memory) || memory < MINIMUM_MEMORY || memory > MAXIMUM_MEMORY || memory % PAGE !== 0) {
    throw errors.make(
      'VIV_BOARD_MEMORY',
      `the board takes ${MINIMUM_MEMORY / MIB} MiB to ${MAXIMUM_MEMORY / MIB} MiB of memory in pages of 4 KiB, not ${memory} bytes`,
    );
  }
  if (!Number.isInteger(cpus) || cpus < 1 || cpus > MAXIMUM_CPUS) {
    throw errors.make('VIV_BOARD_CPUS', `the board takes 1 to ${MAXIMUM_CPUS} CPUs, not ${cpus}`);
  }
  if (!Number.isInteger(harts) || harts < cpus || harts > MAXIMUM_CPUS) {
    throw errors.make('VIV_BOARD_CPUS', `with ${cpus} CPUs, maxCpus is ${cpus} to ${MAXIMUM_CPUS}, not ${harts}`);
  }
  if (consoles > MAXIMUM_CONSOLES) {
    throw errors.make('VIV_BOARD_CONSOLES', `the board has ${MAXIMUM_CONSOLES} serial ports, not ${consoles}`);
  }
};

/**
 * The bare machine: M-mode firmware (OpenSBI, U-Boot, EDK2) or a program without an operating system at reset. Every
 * hart starts at its entry with `a0` its id, `a1` the device tree and `a2` OpenSBI's dynamic info, which names the
 * kernel that the firmware is to start, as on QEMU's `virt`. A program with the symbol `tohost` (riscv-tests) ends the
 * machine through it.
 *
 * Specifications: OpenSBI, docs/firmware/fw_dynamic.md, https://github.com/riscv-software-src/opensbi; HTIF as in
 * https://github.com/riscv-software-src/riscv-isa-sim.
 *
 * @example
 * import { readFileSync } from 'node:fs';
 * import { bareFirmware } from '@vivarium/firmware-bare';
 *
 * const opensbi = readFileSync('fw_dynamic.elf');
 * const uboot = readFileSync('u-boot.bin');
 * const part = {
 *   id: 'firmware', plugin: bareFirmware,
 *   options: { bios: { name: 'fw_dynamic.elf', bytes: opensbi }, kernel: { name: 'u-boot.bin', bytes: uboot } },
 * };
 *
 * @module
 */
import { inflate, physicalAddress, readElfSymbols, readProgram } from '@vivarium/boot-image';
import {
  bind,
  ClockToken,
  CONTRACTS_MAJOR,
  CpuCoreToken,
  definePlugin,
  FirmwareToken,
  MachineMemoryToken,
  PowerControlToken,
  SystemBusToken,
} from '@vivarium/contracts';
import { BareFirmware } from './bare-firmware.ts';
import { errors } from './errors.ts';
import { HostInterface } from './host-interface.ts';
import { type BareOptions, bareOptions } from './options.ts';

/** Guest-physical address of `tohost`; undefined when the program does not have it. */
const toHost = (program: ReturnType<typeof readProgram>): number | undefined => {
  const symbol =
    program.kind === 'elf' ? readElfSymbols(program.bytes).find(({ name }) => name === 'tohost') : undefined;
  return symbol === undefined || program.kind !== 'elf' ? undefined : physicalAddress(program.segments, symbol.address);
};

/** The plugin. */
export const bareFirmware = definePlugin<BareOptions>({
  name: '@vivarium/firmware-bare',
  version: '0.1.0',
  api: CONTRACTS_MAJOR,
  summary: 'Starts M-mode firmware or a bare program at reset',
  provides: [FirmwareToken],
  requires: [CpuCoreToken, MachineMemoryToken, SystemBusToken, PowerControlToken, ClockToken],
  grants: ['timers'],
  options: bareOptions,
  setup: async (context) => {
    const { options, log } = context;
    const memory = context.get(MachineMemoryToken);
    const bus = context.get(SystemBusToken);
    const power = context.get(PowerControlToken);
    const clock = context.get(ClockToken);
    const bios = readProgram(await inflate(options.bios));
    const firmware = new BareFirmware({
      core: context.get(CpuCoreToken),
      memory,
      bus,
      bios,
      kernel: options.kernel === undefined ? undefined : readProgram(await inflate(options.kernel)),
      options,
    });
    const address = toHost(bios);
    let host: HostInterface | undefined;
    return {
      provides: [bind(FirmwareToken, firmware)],
      wire: () => {
        firmware.wire();
        if (address !== undefined) {
          const timer = (expired: () => void) => context.grants.timer(expired);
          host = new HostInterface({ address, memory, bus, power, log, timer, now: () => clock.now() });
        }
      },
      reset: () => {
        firmware.reset();
        host?.reset();
      },
    };
  },
});

export default bareFirmware;
export { type BareOptions, bareOptions };

/** Every error of this package. */
export const errorTable = errors.table;

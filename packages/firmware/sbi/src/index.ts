/**
 * SBI firmware in the host: boots an S-mode kernel and is its execution environment. The kernel's environment calls
 * end here, in TypeScript, with no M-mode code in the guest at all.
 *
 * Specification: RISC-V Supervisor Binary Interface 3.0, https://github.com/riscv-non-isa/riscv-sbi-doc. Extensions:
 * Base, TIME, IPI, RFENCE, HSM, SRST, DBCN, STA, FWFT, and the legacy calls 0–8.
 *
 * @example
 * import { readFileSync } from 'node:fs';
 * import { sbi } from '@vivarium/firmware-sbi';
 *
 * const kernel = readFileSync('vmlinux');
 * const archive = readFileSync('initrd.img');
 * const part = {
 *   id: 'firmware', plugin: sbi,
 *   options: {
 *     kernel: { name: 'vmlinux', bytes: kernel }, initrd: { name: 'initrd.img', bytes: archive },
 *     commandLine: 'console=ttyS0', stdoutPath: 'uart0:115200n8', aliases: { serial0: 'uart0' },
 *   },
 * };
 *
 * @module
 */
import { inflate, readKernel } from '@vivarium/boot-image';
import {
  bind,
  ClockToken,
  CONTRACTS_MAJOR,
  CpuCoreToken,
  definePlugin,
  FirmwareToken,
  MachineMemoryToken,
  PowerControlToken,
  StealTimeToken,
  SystemBusToken,
  VcpuAllotmentToken,
} from '@vivarium/contracts';
import { errors } from './errors.ts';
import { type SbiOptions, sbiOptions } from './options.ts';
import { SbiFirmware } from './sbi-firmware.ts';

/** The plugin. */
export const sbi = definePlugin<SbiOptions>({
  name: '@vivarium/firmware-sbi',
  version: '0.1.0',
  api: CONTRACTS_MAJOR,
  summary: 'Boots a RISC-V kernel in S-mode and answers its SBI calls',
  provides: [FirmwareToken, StealTimeToken, VcpuAllotmentToken],
  requires: [CpuCoreToken, MachineMemoryToken, SystemBusToken, PowerControlToken, ClockToken],
  options: sbiOptions,
  setup: async (context) => {
    const firmware = new SbiFirmware({
      core: context.get(CpuCoreToken),
      memory: context.get(MachineMemoryToken),
      bus: context.get(SystemBusToken),
      power: context.get(PowerControlToken),
      clock: context.get(ClockToken),
      kernel: readKernel(await inflate(context.options.kernel)),
      options: context.options,
    });
    return {
      provides: [
        bind(FirmwareToken, firmware),
        bind(StealTimeToken, firmware.stealTime),
        bind(VcpuAllotmentToken, firmware.allotment),
      ],
      wire: () => firmware.wire(),
      reset: () => firmware.reset(),
      dispose: () => firmware.dispose(),
    };
  },
});

export default sbi;
export { type SbiOptions, sbiOptions };

/** Every error of this package. */
export const errorTable = errors.table;

/**
 * The incoming MSI controller of the RISC-V Advanced Interrupt Architecture: for each hart an interrupt file at
 * supervisor level and one at machine level. Whoever writes a number to a file's page makes that interrupt pending;
 * the hart reaches its files by CSRs, and is told by `seip` and `meip`.
 *
 * Specification: The RISC-V Advanced Interrupt Architecture 1.0, chapter 3, https://github.com/riscv/riscv-aia. Device
 * tree binding: `riscv,imsics` in the Linux kernel's
 * Documentation/devicetree/bindings/interrupt-controller/riscv,imsics.yaml.
 *
 * @example
 * import { imsic } from '@vivarium/device-imsic';
 *
 * const part = { id: 'imsic', plugin: imsic, regions: { supervisor: 0x2800_0000, machine: 0x2400_0000 } };
 *
 * @module
 */
import {
  bind,
  CONTRACTS_MAJOR,
  CpuCoreToken,
  DeviceToken,
  definePlugin,
  InterruptFilesToken,
  type PrivilegeLevel,
  UNCONNECTED,
  type Vcpu,
} from '@vivarium/contracts';
import * as z from 'zod';
import { errors } from './errors.ts';
import { ImsicLevel } from './imsic.ts';
import { ImsicFile } from './interrupt-file.ts';
import { MAX_IDENTITIES, MIN_IDENTITIES } from './registers.ts';

/** By level: the hart's input, and its number at the hart-level interrupt controller (privileged specification, mcause). */
const INPUTS = {
  supervisor: { name: 'seip', number: 9 },
  machine: { name: 'meip', number: 11 },
} as const;

/** Options of the IMSIC. */
export const imsicOptions = z
  .strictObject({
    /** Interrupt identities of each file, numbered from 1: one less than a multiple of 64. */
    identities: z
      .int()
      .min(MIN_IDENTITIES)
      .max(MAX_IDENTITIES)
      .refine((identities) => identities % 64 === 63, 'must be one less than a multiple of 64')
      .default(255),
    /** Files at machine level, too, for firmware that runs in the guest. */
    machine: z.boolean().default(true),
  })
  .prefault({});

/** The plugin. */
export const imsic = definePlugin<z.infer<typeof imsicOptions>>({
  name: '@vivarium/device-imsic',
  version: '0.1.0',
  api: CONTRACTS_MAJOR,
  summary: 'RISC-V incoming MSI controller',
  provides: [DeviceToken, InterruptFilesToken],
  requires: [CpuCoreToken],
  options: imsicOptions,
  setup: (context) => {
    const { vcpus } = context.get(CpuCoreToken);
    const { identities, machine } = context.options;
    const file = (vcpu: Vcpu, level: PrivilegeLevel): ImsicFile => {
      const made = new ImsicFile(identities, vcpu.interruptInput(INPUTS[level].name) ?? UNCONNECTED);
      if (vcpu.connectInterruptFile?.(level, made) === true) return made;
      throw errors.make('VIV_IMSIC_CORE', `vCPU ${vcpu.index} has no registers for an interrupt file`);
    };
    const label = (level: PrivilegeLevel): string => (level === 'supervisor' ? context.id : `${context.id}-machine`);
    const make = (level: PrivilegeLevel): ImsicLevel =>
      new ImsicLevel(
        level,
        vcpus.map((vcpu) => file(vcpu, level)),
        {
          name: 'interrupt-controller',
          label: label(level),
          properties: {
            compatible: ['qemu,imsics', 'riscv,imsics'],
            'interrupt-controller': true,
            '#interrupt-cells': 0,
            'msi-controller': true,
            '#msi-cells': 0,
            'riscv,num-ids': identities,
            'interrupts-extended': vcpus.flatMap(({ index }) => [
              { phandle: `cpu${index}-intc` },
              INPUTS[level].number,
            ]),
          },
        },
      );
    const levels = { supervisor: make('supervisor'), ...(machine ? { machine: make('machine') } : {}) };
    const of = (level: PrivilegeLevel): ImsicLevel | undefined => levels[level];
    return {
      provides: [
        // The first stands for the part: interrupts of an operating system.
        ...Object.values(levels).map((device) => bind(DeviceToken, device)),
        bind(InterruptFilesToken, {
          identities,
          label: (level) => of(level)?.deviceTree.label,
          send: (level, vcpu, identity) => of(level)?.files[vcpu]?.send(identity),
        }),
      ],
    };
  },
});

export default imsic;
export { errorTable } from './errors.ts';
export { ImsicLevel } from './imsic.ts';
export { ImsicFile, type InterruptFileState } from './interrupt-file.ts';

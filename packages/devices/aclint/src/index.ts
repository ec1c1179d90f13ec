/**
 * Machine timer and software interrupts of RISC-V: MTIMER and MSWI where SiFive's CLINT has them, so that firmware
 * and kernels for either find them; and SSWI, supervisor software interrupts, as an option. mtime counts the
 * machine's clock.
 *
 * Specification: RISC-V Advanced Core Local Interruptor Specification 1.0-rc4,
 * https://github.com/riscvarchive/riscv-aclint. Device tree binding: `sifive,clint0` in the Linux kernel's
 * Documentation/devicetree/bindings/timer/sifive,clint.yaml.
 *
 * @example
 * import { aclint } from '@vivarium/device-aclint';
 *
 * const part = { id: 'clint', plugin: aclint, regions: { clint: 0x0200_0000 } };
 *
 * @module
 */
import {
  bind,
  CONTRACTS_MAJOR,
  ClockToken,
  CpuCoreToken,
  DeviceToken,
  definePlugin,
  UNCONNECTED,
} from '@vivarium/contracts';
import * as z from 'zod';
import { Aclint } from './aclint.ts';
import { errors } from './errors.ts';
import { MAX_HARTS } from './registers.ts';

/** Cells of `interrupts-extended`: interrupt numbers of the hart-level controller (privileged specification, mcause). */
const MACHINE_SOFTWARE = 3;
const MACHINE_TIMER = 7;

/** Options of the ACLINT. */
export const aclintOptions = z
  .strictObject({
    /** Ticks of mtime a second; the CPU core's `timebase-frequency` must say the same. */
    timebaseFrequency: z.int().min(1).max(1_000_000_000).default(10_000_000),
    /** Adds the region `sswi`; the CPU core must have an input `ssip`. */
    sswi: z.boolean().default(false),
  })
  .prefault({});

/** The plugin. */
export const aclint = definePlugin<z.infer<typeof aclintOptions>>({
  name: '@vivarium/device-aclint',
  version: '0.1.0',
  api: CONTRACTS_MAJOR,
  summary: 'RISC-V ACLINT: machine timer and software interrupts',
  provides: [DeviceToken],
  requires: [CpuCoreToken, ClockToken],
  grants: ['timers'],
  options: aclintOptions,
  setup: (context) => {
    const { timebaseFrequency, sswi } = context.options;
    const { vcpus } = context.get(CpuCoreToken);
    if (vcpus.length > MAX_HARTS) {
      throw errors.make('VIV_ACLINT_HARTS', `the machine has ${vcpus.length} vCPUs, an ACLINT serves ${MAX_HARTS}`);
    }
    const input = (name: string) => vcpus.map((vcpu) => vcpu.interruptInput(name) ?? UNCONNECTED);
    const withoutSsip = vcpus.find((vcpu) => vcpu.interruptInput('ssip') === undefined);
    if (sswi && withoutSsip !== undefined) {
      throw errors.make('VIV_ACLINT_SSIP', `vCPU ${withoutSsip.index} has no interrupt input ssip`);
    }
    const device = new Aclint({
      clock: context.get(ClockToken),
      timer: (expired) => context.grants.timer(expired),
      frequency: timebaseFrequency,
      msip: input('msip'),
      mtip: input('mtip'),
      ...(sswi && { ssip: input('ssip') }),
      deviceTree: {
        name: 'clint',
        label: context.id,
        properties: {
          compatible: ['sifive,clint0', 'riscv,clint0'],
          'interrupts-extended': vcpus.flatMap(({ index }) => {
            const hart = { phandle: `cpu${index}-intc` };
            return [hart, MACHINE_SOFTWARE, hart, MACHINE_TIMER];
          }),
        },
      },
    });
    return { provides: [bind(DeviceToken, device)] };
  },
});

export default aclint;
export { Aclint, type AclintParts } from './aclint.ts';
export { errorTable } from './errors.ts';

/**
 * The platform-level interrupt controller of RISC-V machines, in the layout that SiFive gave it and every operating
 * system knows. Context 2n is M-mode of hart n and drives its `meip`; context 2n+1 is S-mode and drives `seip`.
 *
 * Specification: RISC-V Platform-Level Interrupt Controller Specification 1.0.0,
 * https://github.com/riscv/riscv-plic-spec. Device tree binding: `sifive,plic-1.0.0` in the Linux kernel's
 * Documentation/devicetree/bindings/interrupt-controller/sifive,plic-1.0.0.yaml.
 *
 * @example
 * import { plic } from '@vivarium/device-plic';
 *
 * const part = { id: 'plic', plugin: plic, regions: { registers: 0x0c00_0000 } };
 * // Another part then says: interrupts: { interrupt: { controller: 'plic', line: 10 } }
 *
 * @module
 */
import {
  bind,
  CONTRACTS_MAJOR,
  CpuCoreToken,
  DeviceToken,
  definePlugin,
  InterruptControllerToken,
  UNCONNECTED,
} from '@vivarium/contracts';
import * as z from 'zod';
import { errors } from './errors.ts';
import { Plic } from './plic.ts';
import { MAX_CONTEXTS, MAX_SOURCES } from './registers.ts';

/** Cells of `interrupts-extended`: interrupt numbers of the hart-level controller (privileged specification, mcause). */
const MACHINE_EXTERNAL = 11;
const SUPERVISOR_EXTERNAL = 9;

/** Options of the PLIC. */
export const plicOptions = z
  .strictObject({
    /** Interrupt sources, numbered from 1. */
    sources: z.int().min(1).max(MAX_SOURCES).default(95),
  })
  .prefault({});

/** The plugin. */
export const plic = definePlugin<z.infer<typeof plicOptions>>({
  name: '@vivarium/device-plic',
  version: '0.1.0',
  api: CONTRACTS_MAJOR,
  summary: 'RISC-V platform-level interrupt controller',
  provides: [DeviceToken, InterruptControllerToken],
  requires: [CpuCoreToken],
  options: plicOptions,
  setup: (context) => {
    const { vcpus } = context.get(CpuCoreToken);
    const { sources } = context.options;
    if (vcpus.length * 2 > MAX_CONTEXTS) {
      throw errors.make('VIV_PLIC_HARTS', `the PLIC has ${MAX_CONTEXTS} contexts, ${vcpus.length} vCPUs need two each`);
    }
    const device = new Plic({
      sources,
      targets: vcpus.flatMap((vcpu) => [
        vcpu.interruptInput('meip') ?? UNCONNECTED,
        vcpu.interruptInput('seip') ?? UNCONNECTED,
      ]),
      deviceTree: {
        name: 'plic',
        label: context.id,
        properties: {
          compatible: ['sifive,plic-1.0.0', 'riscv,plic0'],
          '#address-cells': 0,
          '#interrupt-cells': 1,
          'interrupt-controller': true,
          'riscv,ndev': sources,
          'interrupts-extended': vcpus.flatMap(({ index }) => {
            const hart = { phandle: `cpu${index}-intc` };
            return [hart, MACHINE_EXTERNAL, hart, SUPERVISOR_EXTERNAL];
          }),
        },
      },
    });
    return { provides: [bind(DeviceToken, device), bind(InterruptControllerToken, device)] };
  },
});

export default plic;
export { errorTable } from './errors.ts';
export { Plic, type PlicParts } from './plic.ts';

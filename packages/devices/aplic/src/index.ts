/**
 * The advanced platform-level interrupt controller of the RISC-V Advanced Interrupt Architecture: it takes the wires of
 * devices to the harts. Beside an IMSIC it sends messages to its interrupt files, without one it drives the harts'
 * external interrupts itself. A domain at machine level delegates sources to one at supervisor level.
 *
 * Specification: The RISC-V Advanced Interrupt Architecture 1.0, chapter 4, https://github.com/riscv/riscv-aia. Device
 * tree binding: `riscv,aplic` in the Linux kernel's
 * Documentation/devicetree/bindings/interrupt-controller/riscv,aplic.yaml.
 *
 * @example
 * import { aplic } from '@vivarium/device-aplic';
 *
 * const part = { id: 'aplic', plugin: aplic, regions: { supervisor: 0x0d00_0000, machine: 0x0c00_0000 } };
 * // Another part then says: interrupts: { interrupt: { controller: 'aplic', line: 10 } }
 *
 * @module
 */
import {
  bind,
  type Cell,
  CONTRACTS_MAJOR,
  CpuCoreToken,
  DeviceToken,
  type DeviceTreeValue,
  definePlugin,
  InterruptControllerToken,
  InterruptFilesToken,
  optional,
  type PrivilegeLevel,
  UNCONNECTED,
} from '@vivarium/contracts';
import * as z from 'zod';
import { createAplic } from './aplic.ts';
import { errors } from './errors.ts';
import { MAX_HARTS, MAX_SOURCES } from './registers.ts';

/** By level: the hart's input, and its number at the hart-level interrupt controller (privileged specification, mcause). */
const INPUTS = {
  supervisor: { name: 'seip', number: 9 },
  machine: { name: 'meip', number: 11 },
} as const;

/** Options of the APLIC. */
export const aplicOptions = z
  .strictObject({
    /** Interrupt sources, numbered from 1. */
    sources: z.int().min(1).max(MAX_SOURCES).default(96),
    /**
     * The root domain is one at machine level, for firmware that runs in the guest and delegates sources. Otherwise
     * there is a domain at supervisor level only.
     */
    machine: z.boolean().default(true),
  })
  .prefault({});

/** The plugin. */
export const aplic = definePlugin<z.infer<typeof aplicOptions>>({
  name: '@vivarium/device-aplic',
  version: '0.1.0',
  api: CONTRACTS_MAJOR,
  summary: 'RISC-V advanced platform-level interrupt controller',
  provides: [DeviceToken, InterruptControllerToken],
  requires: [CpuCoreToken, optional(InterruptFilesToken)],
  options: aplicOptions,
  setup: (context) => {
    const { vcpus } = context.get(CpuCoreToken);
    const files = context.maybe(InterruptFilesToken);
    const { sources, machine } = context.options;
    if (files === undefined && vcpus.length > MAX_HARTS) {
      throw errors.make('VIV_APLIC_HARTS', `an APLIC drives ${MAX_HARTS} harts, not ${vcpus.length}`);
    }
    if (machine && files !== undefined && files.label('machine') === undefined) {
      throw errors.make(
        'VIV_APLIC_LEVEL',
        `"${context.id}" has a domain at machine level, the IMSIC has no such files`,
      );
    }
    const labels = { supervisor: context.id, machine: `${context.id}-machine` };
    const destination = (level: PrivilegeLevel): Record<string, DeviceTreeValue> => {
      const label = files?.label(level);
      if (label !== undefined) return { 'msi-parent': [{ phandle: label }] };
      const harts = vcpus.flatMap(({ index }): Cell[] => [{ phandle: `cpu${index}-intc` }, INPUTS[level].number]);
      return { 'interrupts-extended': harts };
    };
    const child = { phandle: labels.supervisor };
    const node = (level: PrivilegeLevel, more: Record<string, DeviceTreeValue> = {}) => ({
      name: 'interrupt-controller',
      label: labels[level],
      properties: {
        compatible: ['qemu,aplic', 'riscv,aplic'],
        'interrupt-controller': true as const,
        '#interrupt-cells': 2,
        '#address-cells': 0,
        'riscv,num-sources': sources,
        ...destination(level),
        ...more,
      },
    });
    const { domains, controller } = createAplic({
      sources,
      files,
      lines: (level) => vcpus.map((vcpu) => vcpu.interruptInput(INPUTS[level].name) ?? UNCONNECTED),
      deviceTrees: {
        supervisor: node('supervisor'),
        machine: machine
          ? node('machine', {
              'riscv,children': [child],
              'riscv,delegation': [child, 1, sources],
              // What the binding calls `riscv,delegation` was first this, and OpenSBI up to 1.5 knows nothing else.
              'riscv,delegate': [child, 1, sources],
            })
          : undefined,
      },
    });
    return {
      provides: [
        // The first stands for the part: interrupts of an operating system.
        ...domains.map((domain) => bind(DeviceToken, domain)),
        bind(InterruptControllerToken, controller),
      ],
    };
  },
});

export default aplic;
export { type AplicParts, createAplic } from './aplic.ts';
export { AplicDomain } from './domain.ts';
export { errorTable } from './errors.ts';

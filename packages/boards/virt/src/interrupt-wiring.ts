import type { PartSpec } from '@vivarium/contracts';
import { aplic } from '@vivarium/device-aplic';
import { imsic } from '@vivarium/device-imsic';
import { plic } from '@vivarium/device-plic';
import { INTERRUPT_LINES, MEMORY_MAP } from './memory-map.ts';

/** `IRQ_TYPE_LEVEL_HIGH` of Linux's device tree bindings. */
const LEVEL_HIGH = 4;

/** Interrupt controllers that the board can have: those of QEMU's `aia=none`, `aia=aplic` and `aia=aplic-imsic`. */
export type VirtInterrupts = 'plic' | 'aplic' | 'aia';

/** The interrupt controllers of a board, and what other parts have to know of them. */
export interface InterruptWiring {
  readonly parts: readonly PartSpec[];
  /** Part id of the one that takes wires. */
  readonly controller: string;
  /** Second cell of an interrupt in the device tree, where there is one. */
  readonly trigger?: number;
  /** Label of the node that takes messages. */
  readonly messages?: string;
  /** Options for the CPU core. */
  readonly core: { readonly aia?: true };
}

/** Where a part's interrupt goes. */
export const wire = (
  { controller }: InterruptWiring,
  line: number,
): { readonly controller: string; readonly line: number } => ({
  controller,
  line,
});

/** A level is there for whoever runs in it: M-mode only where its firmware is in the guest. */
const bases = (supervisor: number, machine: number, hasMachine: boolean): Readonly<Record<string, number>> =>
  hasMachine ? { supervisor, machine } : { supervisor };

export const interruptWiring = (kind: VirtInterrupts, hasMachine: boolean): InterruptWiring => {
  const { plic: plicRange, aplicSupervisor, aplicMachine, imsicSupervisor, imsicMachine } = MEMORY_MAP;
  if (kind === 'plic') {
    const options = { sources: INTERRUPT_LINES.sources };
    return {
      parts: [{ id: 'plic', plugin: plic, options, regions: { registers: plicRange.base } }],
      controller: 'plic',
      core: {},
    };
  }
  const aplicPart: PartSpec = {
    id: 'aplic',
    plugin: aplic,
    options: { sources: INTERRUPT_LINES.aplicSources, machine: hasMachine },
    regions: bases(aplicSupervisor.base, aplicMachine.base, hasMachine),
  };
  if (kind === 'aplic') return { parts: [aplicPart], controller: 'aplic', trigger: LEVEL_HIGH, core: {} };
  const imsicPart: PartSpec = {
    id: 'imsic',
    plugin: imsic,
    options: { machine: hasMachine },
    regions: bases(imsicSupervisor.base, imsicMachine.base, hasMachine),
  };
  return {
    parts: [imsicPart, aplicPart],
    controller: 'aplic',
    trigger: LEVEL_HIGH,
    messages: 'imsic',
    core: { aia: true },
  };
};

import type {
  DeviceTreeNode,
  InterruptController,
  InterruptFiles,
  InterruptLine,
  PrivilegeLevel,
} from '@vivarium/contracts';
import type { Delivery } from './delivery.ts';
import { DirectDelivery } from './direct-delivery.ts';
import { AplicDomain } from './domain.ts';
import { MessageDelivery } from './message-delivery.ts';
import { Sources } from './sources.ts';
import { Wires } from './wires.ts';

/** What an APLIC is made of. */
export interface AplicParts {
  /** Sources are numbered 1…`sources`. */
  readonly sources: number;
  /** Where interrupts go as messages; without them they go to `lines`. */
  readonly files: InterruptFiles | undefined;
  /** External interrupts of the harts at a level. */
  readonly lines: (level: PrivilegeLevel) => readonly InterruptLine[];
  /** Without one for machine level, there is no such domain. */
  readonly deviceTrees: {
    readonly supervisor: DeviceTreeNode;
    readonly machine: DeviceTreeNode | undefined;
  };
}

/** An APLIC: its domains, that of an operating system first, and its wires. */
export interface Aplic {
  readonly domains: readonly AplicDomain[];
  readonly controller: InterruptController;
}

export const createAplic = ({ sources: count, files, lines, deviceTrees }: AplicParts): Aplic => {
  const wires = new Wires(count, (source) => {
    root.sources.wireChanged(source);
    root.changed();
  });
  const resetWires = (): void => wires.reset();
  const make = (level: PrivilegeLevel, deviceTree: DeviceTreeNode, isChild: boolean, child?: Made): Made => {
    const delivery: Delivery =
      files === undefined ? new DirectDelivery(lines(level)) : new MessageDelivery(files, level);
    const below = child === undefined ? {} : { child: child.sources };
    const sources = new Sources({ count, wires, delivery, isChild, ...below });
    const changed = (): void => {
      delivery.changed(sources);
      child?.changed();
    };
    const domain = new AplicDomain({ level, sources, delivery, deviceTree, changed, resetWires });
    return { domain, sources, changed };
  };
  const { supervisor: tree, machine: rootTree } = deviceTrees;
  const supervisor = make('supervisor', tree, rootTree !== undefined);
  const machine = rootTree === undefined ? undefined : make('machine', rootTree, false, supervisor);
  const root = machine ?? supervisor;
  return {
    domains: [supervisor.domain, ...(machine === undefined ? [] : [machine.domain])],
    controller: {
      sources: count,
      line: (number) => (Number.isInteger(number) && number >= 1 && number <= count ? wires.line(number) : undefined),
    },
  };
};

interface Made {
  readonly domain: AplicDomain;
  readonly sources: Sources;
  /** This domain, or one below, is to look at what it delivers. */
  readonly changed: () => void;
}

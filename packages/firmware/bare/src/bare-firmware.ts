import {
  type HandOver,
  loadProgram,
  MemoryPlan,
  type PlacedProgram,
  placeHandOver,
  placeProgram,
  type readProgram,
} from '@vivarium/boot-image';
import type { BootLayout, CpuCore, Firmware, MachineMemory, SystemBus, Vcpu } from '@vivarium/contracts';
import { flatten, machineTree } from '@vivarium/fdt';
import { DYNAMIC_INFO_LENGTH, dynamicInfo } from './dynamic-info.ts';
import { errors } from './errors.ts';
import type { BareOptions } from './options.ts';

/** `COMMAND_LINE_SIZE` of a RISC-V Linux is 1024, its end included. */
const MAXIMUM_COMMAND_LINE = 1023;
/** Where QEMU, too, puts what firmware starts: behind the firmware, aligned to a large page. */
const PAYLOAD_ALIGNMENT = 2 * 1024 * 1024;

/** What QEMU, too, tells firmware to start when there is nothing: it gets as far as its banner. */
const NO_PAYLOAD = 0;

type Program = ReturnType<typeof readProgram>;

/** What the loader works on. */
export interface BareParts {
  readonly core: CpuCore;
  readonly memory: MachineMemory;
  readonly bus: SystemBus;
  readonly bios: Program;
  readonly kernel: Program | undefined;
  readonly options: BareOptions;
}

interface Wired {
  readonly plan: MemoryPlan;
  readonly bios: PlacedProgram;
  readonly payload: PlacedProgram | undefined;
  readonly handOver: HandOver;
  /** Address of the `fw_dynamic_info`. */
  readonly info: number;
}

const checkCommandLine = (commandLine: string): void => {
  const { length } = new TextEncoder().encode(commandLine);
  if (length > MAXIMUM_COMMAND_LINE) {
    throw errors.make(
      'VIV_BARE_COMMAND_LINE',
      `the kernel command line has ${length} bytes, at most ${MAXIMUM_COMMAND_LINE} are possible`,
    );
  }
  if (commandLine.includes('\0')) {
    throw errors.make('VIV_BARE_COMMAND_LINE', 'the kernel command line has a NUL in it');
  }
};

/** Where a payload without an address of its own goes, from the start of RAM: behind the firmware. */
const payloadOffset = (plan: MemoryPlan): number => {
  const { base } = plan.main;
  const top = plan.ranges.reduce((end, range) => Math.max(end, range.base + range.length - base), 1);
  return Math.ceil(top / PAYLOAD_ALIGNMENT) * PAYLOAD_ALIGNMENT;
};

/** Loads a program into the bare machine on each reset and starts every hart in it. */
export class BareFirmware implements Firmware {
  readonly #parts: BareParts;
  #wired: Wired | undefined;
  #layout: BootLayout | undefined;

  /** Throws `VIV_BARE_COMMAND_LINE`. */
  constructor(parts: BareParts) {
    checkCommandLine(parts.options.commandLine);
    this.#parts = parts;
  }

  get layout(): BootLayout | undefined {
    return this.#layout;
  }

  /** Decides where everything goes. Throws what the planner throws. */
  wire(): void {
    const { memory, bios, kernel, options } = this.#parts;
    const plan = new MemoryPlan(memory.banks);
    const placedBios = placeProgram(plan, bios);
    const payload = kernel === undefined ? undefined : placeProgram(plan, kernel, payloadOffset(plan));
    const handOver = placeHandOver(plan, options.initrd);
    const info = plan.claimHigh('fw_dynamic_info', DYNAMIC_INFO_LENGTH, 4096, handOver.deviceTree);
    this.#wired = { plan, bios: placedBios, payload, handOver, info };
  }

  /** Throws `VIV_BARE_LOAD` and what the device tree's composer throws. */
  reset(): void {
    const wired = this.#wired;
    if (wired === undefined) {
      return;
    }
    const { core } = this.#parts;
    const blob = this.#deviceTree(wired.handOver);
    this.#load(wired, blob);
    for (const hart of core.vcpus) {
      this.#start(hart, wired);
    }
    this.#layout = {
      entry: wired.bios.entry,
      images: wired.plan.ranges,
      deviceTree: { base: wired.handOver.deviceTree, blob },
    };
  }

  /** As the reset vector of QEMU's `virt` does: hart id, device tree, dynamic info. */
  #start(hart: Vcpu, { bios, handOver, info }: Wired): void {
    hart.stop();
    hart.start(BigInt(bios.entry), BigInt(handOver.deviceTree));
    hart.writeRegister('a0', BigInt(hart.index));
    hart.writeRegister('a2', BigInt(info));
  }

  #deviceTree(handOver: HandOver): Uint8Array {
    const { core, memory, bus, options } = this.#parts;
    const tree = machineTree({
      model: options.model,
      compatible: options.compatible,
      cpus: core.deviceTree,
      banks: memory.banks,
      placements: bus.placements,
      interrupts: bus.interrupts,
      aliases: options.aliases,
      extraNodes: options.extraNodes,
      chosen: {
        commandLine: options.commandLine,
        ...(options.stdoutPath === undefined ? {} : { stdoutPath: options.stdoutPath }),
        ...(handOver.initrd === undefined ? {} : { initrd: handOver.initrd }),
      },
    });
    return flatten(tree);
  }

  #load({ bios, payload, handOver, info }: Wired, blob: Uint8Array): void {
    const { memory, options } = this.#parts;
    const { initrd } = options;
    const done =
      loadProgram(memory, bios) &&
      (payload === undefined || loadProgram(memory, payload)) &&
      memory.write(info, dynamicInfo(payload?.entry ?? NO_PAYLOAD, 0)) &&
      memory.write(handOver.deviceTree, blob) &&
      (initrd === undefined || handOver.initrd === undefined || memory.write(handOver.initrd.base, initrd.bytes));
    if (!done) {
      throw errors.make('VIV_BARE_LOAD', `RAM refused ${bios.name}, its payload, device tree or initial RAM disk`);
    }
  }
}

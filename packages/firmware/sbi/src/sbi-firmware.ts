import {
  type ElfImage,
  type HandOver,
  type LinuxImage,
  loadProgram,
  MemoryPlan,
  type PlacedProgram,
  placeHandOver,
  placeProgram,
} from '@vivarium/boot-image';
import type {
  BootLayout,
  Clock,
  CpuCore,
  Firmware,
  MachineMemory,
  PowerControl,
  StealTime,
  SystemBus,
  Vcpu,
} from '@vivarium/contracts';
import { flatten, machineTree } from '@vivarium/fdt';
import { Allotment } from './allotment.ts';
import { type ConsolePort, findConsole } from './console-port.ts';
import { Dispatcher } from './dispatcher.ts';
import { errors } from './errors.ts';
import { DbcnExtension } from './extensions/dbcn.ts';
import { FwftExtension } from './extensions/fwft.ts';
import { HsmExtension } from './extensions/hsm.ts';
import { IpiExtension } from './extensions/ipi.ts';
import { legacyExtensions } from './extensions/legacy.ts';
import { RfenceExtension } from './extensions/rfence.ts';
import { SrstExtension } from './extensions/srst.ts';
import { StaExtension } from './extensions/sta.ts';
import { TimeExtension } from './extensions/time.ts';
import { Harts } from './harts.ts';
import type { SbiOptions } from './options.ts';
import { enterSupervisor, NEEDED_REGISTERS } from './supervisor-entry.ts';

/** `COMMAND_LINE_SIZE` of a RISC-V Linux is 1024, its end included. */
const MAXIMUM_COMMAND_LINE = 1023;
const RNG_SEED_LENGTH = 32;

/** What the firmware works on. */
export interface SbiParts {
  readonly core: CpuCore;
  readonly memory: MachineMemory;
  readonly bus: SystemBus;
  readonly power: PowerControl;
  readonly clock: Clock;
  readonly kernel: LinuxImage | ElfImage;
  readonly options: SbiOptions;
}

interface Wired {
  readonly dispatcher: Dispatcher;
  readonly bootHart: Vcpu;
  readonly program: PlacedProgram;
  readonly handOver: HandOver;
  readonly plan: MemoryPlan;
}

const checkCommandLine = (commandLine: string): void => {
  const { length } = new TextEncoder().encode(commandLine);
  if (length > MAXIMUM_COMMAND_LINE) {
    throw errors.make(
      'VIV_SBI_COMMAND_LINE',
      `the kernel command line has ${length} bytes, at most ${MAXIMUM_COMMAND_LINE} are possible`,
    );
  }
  if (commandLine.includes('\0')) {
    throw errors.make('VIV_SBI_COMMAND_LINE', 'the kernel command line has a NUL in it');
  }
};

const checkCore = (core: CpuCore, bootHart: number): Vcpu => {
  const hart = core.vcpus.find(({ index }) => index === bootHart);
  if (hart === undefined) {
    throw errors.make('VIV_SBI_CORE', `boot hart ${bootHart} is not one of the ${core.vcpus.length} harts`);
  }
  const missing = NEEDED_REGISTERS.filter((name) => hart.readRegister(name) === undefined);
  if (missing.length > 0) {
    throw errors.make('VIV_SBI_CORE', `core ${core.architecture} has no ${missing.join(', ')}`);
  }
  return hart;
};

/** Loads the kernel on each reset, starts it in S-mode, and answers its calls. */
export class SbiFirmware implements Firmware {
  readonly #parts: SbiParts;
  /** Takes what the host knows about its harts' waiting, for the supervisor to read. */
  readonly stealTime: StealTime;
  /** Which harts may be started. */
  readonly allotment: Allotment;
  readonly #sta: StaExtension;
  #wired: Wired | undefined;
  #layout: BootLayout | undefined;

  /** Throws `VIV_SBI_COMMAND_LINE`, `VIV_SBI_CORE` and `VIV_SBI_ALLOTMENT`. */
  constructor(parts: SbiParts) {
    checkCommandLine(parts.options.commandLine);
    this.#parts = parts;
    const harts = parts.core.vcpus.length;
    const { bootHart, allotment } = parts.options;
    checkCore(parts.core, bootHart);
    this.allotment = new Allotment(harts, bootHart, allotment ?? harts);
    this.#sta = new StaExtension(parts.memory);
    this.stealTime = this.#sta;
  }

  get layout(): BootLayout | undefined {
    return this.#layout;
  }

  /**
   * Decides where everything goes and takes the calls of the core. Throws `VIV_SBI_CORE`, `VIV_SBI_CONSOLE` and what
   * the planner throws when RAM is too small.
   */
  wire(): void {
    const { core, memory, bus, kernel, options } = this.#parts;
    const bootHart = checkCore(core, options.bootHart);
    const plan = new MemoryPlan(memory.banks);
    const program = placeProgram(plan, kernel);
    const handOver = placeHandOver(plan, options.initrd);
    const dispatcher = new Dispatcher(this.#extensions(findConsole(bus, options.console)));
    core.onEnvironmentCall((hart) => dispatcher.handle(hart));
    this.#wired = { dispatcher, bootHart, program, handOver, plan };
  }

  /** Throws `VIV_SBI_LOAD` and what the device tree's composer throws. */
  reset(): void {
    const wired = this.#wired;
    if (wired === undefined) {
      return;
    }
    wired.dispatcher.reset();
    const blob = this.#deviceTree(wired.handOver);
    this.#load(wired, blob);
    for (const hart of this.#parts.core.vcpus) {
      hart.stop();
    }
    enterSupervisor(wired.bootHart, BigInt(wired.program.entry), BigInt(wired.handOver.deviceTree));
    this.#layout = {
      entry: wired.program.entry,
      images: wired.plan.ranges,
      deviceTree: { base: wired.handOver.deviceTree, blob },
    };
  }

  dispose(): void {
    this.#parts.core.onEnvironmentCall(undefined);
  }

  #extensions(port: ConsolePort | undefined) {
    const { core, memory, power } = this.#parts;
    const harts = new Harts(core.vcpus);
    return [
      ...legacyExtensions({ harts, memory, power, port }),
      new TimeExtension(),
      new IpiExtension(harts),
      new RfenceExtension(harts),
      new HsmExtension(harts, memory, this.allotment),
      new SrstExtension(power),
      this.#sta,
      new FwftExtension(),
      ...(port === undefined ? [] : [new DbcnExtension(port, memory)]),
    ];
  }

  #deviceTree(handOver: HandOver): Uint8Array {
    const { core, memory, bus, options } = this.#parts;
    const rngSeed = this.#rngSeed();
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
        ...(rngSeed === undefined ? {} : { rngSeed }),
      },
    });
    return flatten(tree, { bootCpu: options.bootHart });
  }

  #rngSeed(): Uint8Array | undefined {
    const { clock, options } = this.#parts;
    if (options.rngSeed !== undefined || clock.kind === 'virtual') {
      return options.rngSeed;
    }
    return crypto.getRandomValues(new Uint8Array(RNG_SEED_LENGTH));
  }

  #load({ program, handOver }: Wired, blob: Uint8Array): void {
    const { memory, options } = this.#parts;
    const { initrd } = options;
    const done =
      loadProgram(memory, program) &&
      memory.write(handOver.deviceTree, blob) &&
      (initrd === undefined || handOver.initrd === undefined || memory.write(handOver.initrd.base, initrd.bytes));
    if (!done) {
      throw errors.make('VIV_SBI_LOAD', `RAM refused ${program.name}, the device tree or the initial RAM disk`);
    }
  }
}

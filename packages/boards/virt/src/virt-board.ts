import { charPipe } from '@vivarium/char-pipe';
import { realClock } from '@vivarium/clock-real';
import { virtualClock } from '@vivarium/clock-virtual';
import { CharBackendToken, type MachineSpec, type PartSpec } from '@vivarium/contracts';
import { riscv64Core } from '@vivarium/cpu-riscv64';
import { aclint } from '@vivarium/device-aclint';
import { goldfishRtc } from '@vivarium/device-rtc-goldfish';
import { poweroffNode, rebootNode, syscon } from '@vivarium/device-syscon';
import { uart } from '@vivarium/device-uart';
import { bareFirmware } from '@vivarium/firmware-bare';
import { sbi } from '@vivarium/firmware-sbi';
import { linearMemory } from '@vivarium/memory-linear';
import { riscvMmu } from '@vivarium/mmu-riscv';
import { errors } from './errors.ts';
import { slotParts } from './hot-plug.ts';
import { type InterruptWiring, interruptWiring, wire } from './interrupt-wiring.ts';
import { FREE_LINES, INTERRUPT_LINES, MEMORY_MAP, TIMEBASE_FREQUENCY } from './memory-map.ts';
import { checkOptions, DEFAULT_MEMORY, type VirtBoardOptions, type VirtBoot } from './options.ts';
import { virtioParts } from './virtio-bus.ts';

const MIB = 1024 * 1024;
const MODEL = 'vivarium,virt';
/** QEMU's `virt` says the same, and so kernels and firmware know what to expect. */
const COMPATIBLE = ['riscv-virtio'];

/** A console of which host code holds the other end, under the token of character ports. */
export const pipeConsole = (id = 'console0'): PartSpec => ({ id, plugin: charPipe });

/**
 * The same for programs that talk in turns: nothing of what the guest said is kept for whoever comes late, who would take
 * it for something new.
 */
export const quietPipe = (id: string): PartSpec => ({ id, plugin: charPipe, options: { scrollbackCapacity: 1 } });

/** Each console behind a serial port of its own. */
const serialPorts = (consoles: readonly PartSpec[], wiring: InterruptWiring): readonly PartSpec[] =>
  consoles.flatMap((console, index): PartSpec[] => [
    console,
    {
      id: `uart${index}`,
      plugin: uart,
      regions: { registers: MEMORY_MAP.uart.base + index * MEMORY_MAP.uart.length },
      interrupts: { interrupt: wire(wiring, INTERRUPT_LINES.uart[index] ?? 0) },
      use: { [CharBackendToken.name]: console.id },
    },
  ]);

/** Each CPU decodes code for itself. What is not used is not committed. */
const threadedMemory = (cpus: number) => ({ shared: true, privateBytes: (16 + 44 * cpus) * MIB });

const firmware = (boot: VirtBoot, consoles: number, allotment: number | undefined): PartSpec => {
  const { kind, ...images } = boot;
  return {
    id: 'firmware',
    plugin: kind === 'kernel' ? sbi : bareFirmware,
    options: {
      ...images,
      ...(allotment === undefined ? {} : { allotment }),
      model: MODEL,
      compatible: COMPATIBLE,
      aliases: Object.fromEntries(Array.from({ length: consoles }, (_, index) => [`serial${index}`, `uart${index}`])),
      extraNodes: [poweroffNode('syscon'), rebootNode('syscon')],
      ...(consoles === 0 ? {} : { stdoutPath: 'uart0:115200n8' }),
    },
  };
};

/**
 * The board as data. Throws `VIV_BOARD_MEMORY`, `VIV_BOARD_CPUS`, `VIV_BOARD_CONSOLES` and `VIV_BOARD_VIRTIO`; everything else is checked
 * by the kernel and the parts at assembly.
 */
export const virtBoard = (options: VirtBoardOptions): MachineSpec => {
  const { name = 'virt', memory = DEFAULT_MEMORY, cpus = 1, threads = false, clock = 'real', devices = [] } = options;
  const consoles = options.consoles ?? [pipeConsole()];
  const { maxCpus: harts = cpus, boot } = options;
  checkOptions(memory, cpus, harts, consoles.length);
  if (harts > cpus && boot.kind !== 'kernel') {
    throw errors.make(
      'VIV_BOARD_CPUS',
      'firmware in the guest starts all harts: maxCpus is for kernels on that of the host',
    );
  }
  const wiring = interruptWiring(options.interrupts ?? 'plic', options.boot.kind === 'bios');
  return {
    name,
    parts: [
      { id: 'clock', plugin: clock === 'real' ? realClock : virtualClock },
      {
        id: 'memory',
        plugin: linearMemory,
        options: { banks: [{ base: MEMORY_MAP.ram.base, size: memory }], ...(threads ? threadedMemory(harts) : {}) },
      },
      { id: 'mmu', plugin: riscvMmu, options: {} },
      {
        id: 'cpu',
        plugin: riscv64Core,
        options: { ...options.core, ...wiring.core, harts, timebaseFrequency: TIMEBASE_FREQUENCY, threads },
      },
      ...wiring.parts,
      {
        id: 'aclint',
        plugin: aclint,
        options: { timebaseFrequency: TIMEBASE_FREQUENCY },
        regions: { clint: MEMORY_MAP.aclint.base },
      },
      { id: 'syscon', plugin: syscon, regions: { registers: MEMORY_MAP.syscon.base } },
      {
        id: 'rtc',
        plugin: goldfishRtc,
        regions: { registers: MEMORY_MAP.rtc.base },
        interrupts: { interrupt: wire(wiring, INTERRUPT_LINES.rtc) },
      },
      ...serialPorts(consoles, wiring),
      // Before all other functions: where they are on the bus depends on nothing else.
      ...slotParts(options.slots ?? 0),
      ...devices,
      ...virtioParts(options, wiring),
      firmware(boot, consoles.length, harts > cpus ? cpus : undefined),
    ],
    mmioWindow: { ...MEMORY_MAP.platform, align: 4096 },
    interruptPool: { controller: wiring.controller, lines: FREE_LINES },
  };
};

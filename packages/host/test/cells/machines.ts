/** Recipes for tests: small machine-mode programs on a board, and ways for a cell to go wrong. */
import { pipeConsole, virtBoard } from '@vivarium/board-virt';
import {
  bind,
  CharPortToken,
  CpuCoreToken,
  CONTRACTS_MAJOR,
  definePlugin,
  DeviceToken,
  type MachineSpec,
  type MemoryBalloon,
  MemoryBalloonToken,
} from '@vivarium/contracts';
import type { HardwareAgent, MachineParts } from '@vivarium/host';
import { assemble } from '@vivarium/isa-riscv';

const HEADER = `
  .equ UART, 0x10000000
  .equ LSR, 5
  .equ THRE, 0x20
  .equ SYSCON, 0x100000
`;
const POWER_OFF = 'li t0, SYSCON\n li t1, 0x5555\n sw t1, 0(t0)\n j .\n';

const PROGRAMS = {
  /** Prints `hello`, then powers off. */
  hello: `
    la a0, text
    li t0, UART
  1: lbu t1, 0(a0)
    beqz t1, 3f
  2: lbu t2, LSR(t0)
    andi t2, t2, THRE
    beqz t2, 2b
    sb t1, 0(t0)
    addi a0, a0, 1
    j 1b
  3: ${POWER_OFF}
  text: .asciz "hello\\n"`,
  /** Sends back what it is sent, until a full stop. */
  echo: `
    li s0, UART
  1: lbu t1, LSR(s0)
    andi t1, t1, 1
    beqz t1, 1b
    lbu s1, 0(s0)
    li t1, '.'
    beq s1, t1, 3f
  2: lbu t1, LSR(s0)
    andi t1, t1, THRE
    beqz t1, 2b
    sb s1, 0(s0)
    j 1b
  3: ${POWER_OFF}`,
  /** Prints for ever, as fast as the transmitter takes it. */
  flood: `
    li t0, UART
    li t1, 'x'
  1: lbu t2, LSR(t0)
    andi t2, t2, THRE
    beqz t2, 1b
    sb t1, 0(t0)
    j 1b`,
  /** Counts for ever. */
  spin: 'csrw mie, zero\n 1: addi t0, t0, 1\n j 1b',
  /** Counts for a second or so, then powers off. */
  later: `li t0, 100000000\n 1: addi t0, t0, -1\n bnez t0, 1b\n ${POWER_OFF}`,
  /** Waits for an interrupt that nothing can raise. */
  sleep: 'csrw mie, zero\n wfi\n j .',
  /** No trap handler and an instruction that is none. */
  trapLoop: 'csrw mtvec, zero\n .word 0',
  failure: 'li t0, SYSCON\n li t1, 0x3333 | (7 << 16)\n sw t1, 0(t0)\n j .',
} as const;

export type ProgramName = keyof typeof PROGRAMS;

const MIB = 1024 * 1024;

const spec = (program: string): MachineSpec => {
  const source = PROGRAMS[program as ProgramName] as string | undefined;
  if (source === undefined) throw new Error(`no program ${program}`);
  const { bytes } = assemble(HEADER + source, { base: 0x8000_0000n });
  return virtBoard({
    memory: 16 * MIB,
    boot: { kind: 'bios', bios: { name: program, bytes } },
    consoles: [pipeConsole()],
  });
};

/** The machine that runs a program. */
export const program = (options: unknown): MachineSpec => spec(String((options as { readonly run: unknown }).run));

/** A guest that is asked to power off by a full stop on its console. */
export const polite = (options: unknown): MachineParts => ({
  spec: program(options),
  powerOff: (machine) => void machine.get(CharPortToken).send(new TextEncoder().encode('.')),
});

/** A part that does something to its cell when the machine starts. */
const saboteur = (start: () => void) =>
  definePlugin({
    name: 'saboteur',
    version: '1.0.0',
    api: CONTRACTS_MAJOR,
    provides: [DeviceToken],
    setup: () => ({ provides: [bind(DeviceToken, { regions: [], reset: () => {} })], start }),
  });

const spoilt = (start: () => void): MachineSpec => {
  const sound = spec('spin');
  return { ...sound, parts: [...sound.parts, { id: 'saboteur', plugin: saboteur(start) }] };
};

/** Throws where nobody catches it, a moment after the start. */
export const thrower = (): MachineSpec =>
  spoilt(
    () =>
      void setTimeout(() => {
        throw new Error('a part threw in a timer');
      }, 20),
  );

/** Blocks the thread for ever. */
export const blocker = (): MachineSpec =>
  spoilt(
    () =>
      void setTimeout(() => {
        for (;;);
      }, 20),
  );

/** Fills the JavaScript heap. */
export const glutton = (): MachineSpec =>
  spoilt(
    () =>
      void setTimeout(() => {
        const hoard: unknown[] = [];
        for (;;) hoard.push(Array.from({ length: 1_000_000 }, (_, index) => index + 0.5));
      }, 20),
  );

/** Takes memory beside the JavaScript heap. */
export const bomb = (): MachineSpec =>
  spoilt(
    () =>
      void setTimeout(() => {
        const hoard: Uint8Array[] = [];
        for (;;) hoard.push(new Uint8Array(32 << 20).fill(1));
      }, 20),
  );

/** Ends the thread or process. */
export const leaver = (): MachineSpec => spoilt(() => void setTimeout(() => process.exit(3), 20));

/** A balloon and a guest in one: it gives and takes a page in every millisecond, as far as `most`. */
const ballooned = (most: number) =>
  definePlugin({
    name: 'ballooned',
    version: '1.0.0',
    api: CONTRACTS_MAJOR,
    provides: [MemoryBalloonToken],
    setup: () => {
      let target = 0;
      let actual = 0;
      let timer: NodeJS.Timeout | undefined;
      const balloon: MemoryBalloon = {
        get active() {
          return timer !== undefined;
        },
        get target() {
          return target;
        },
        limit: 16 * MIB,
        get actual() {
          return actual;
        },
        get claimed() {
          return actual;
        },
        reported: 0,
        statistics: undefined,
        setTarget: (bytes) => {
          target = bytes;
        },
        pollStatistics: () => {},
        onEvent: () => () => {},
      };
      return {
        provides: [bind(MemoryBalloonToken, balloon)],
        start: () => {
          timer = setInterval(() => {
            if (actual < Math.min(target, most)) actual += 4096;
            else if (actual > target) actual -= 4096;
          }, 1);
        },
        dispose: () => clearInterval(timer),
      };
    },
  });

/** A guest that gives up to `most` bytes of its memory when it is asked for them. */
export const giving = (options: unknown): MachineSpec => {
  const { most } = options as { readonly most: number };
  const sound = spec('spin');
  return { ...sound, parts: [...sound.parts, { id: 'balloon0', plugin: ballooned(most) }] };
};

/** A Linux Image that goes on behind its header. */
const kernelImage = (code: Uint8Array): Uint8Array => {
  const header = 64;
  const bytes = new Uint8Array(header + code.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x0400_006f, true); // j . + 64
  view.setBigUint64(8, 0x20_0000n, true);
  view.setBigUint64(16, BigInt(bytes.length + 4096), true);
  view.setUint32(56, 0x0543_5352, true);
  bytes.set(code, header);
  return bytes;
};

const kernelEntry = 0x8020_0040n;

/** What a guest's agent makes of what it is asked for. */
const AGENTS: Readonly<Record<string, Pick<HardwareAgent, 'vcpus'>>> = {
  /** It is the guest: vCPUs that it starts spin. */
  obeys: {
    vcpus: async (machine, count) => {
      for (const vcpu of machine.get(CpuCoreToken).vcpus) {
        if (vcpu.index >= count) vcpu.stop();
        else if (!vcpu.running) vcpu.start(kernelEntry, 0n);
      }
    },
  },
  lies: { vcpus: async () => {} },
  silent: { vcpus: () => new Promise(() => {}) },
  refuses: {
    vcpus: async () => {
      throw new Error('the guest says no');
    },
  },
};

const NO_DEVICES: Pick<HardwareAgent, 'plugged' | 'release'> = { plugged: async () => {}, release: async () => {} };

/** One of four vCPUs at first, and a guest that does what its agent is called when it is to have more, or less. */
export const allotted = (options: unknown): MachineParts => {
  const { agent, threads = false } = options as { readonly agent?: string; readonly threads?: boolean };
  const { bytes } = assemble('csrw sie, zero\n 1: addi t0, t0, 1\n j 1b', { base: kernelEntry });
  const hardware = AGENTS[agent ?? ''];
  return {
    spec: virtBoard({
      memory: 32 * MIB,
      maxCpus: 4,
      threads,
      boot: { kind: 'kernel', kernel: { name: 'spin', bytes: kernelImage(bytes) } },
    }),
    ...(hardware === undefined ? {} : { hardware: { ...NO_DEVICES, ...hardware } }),
  };
};

export const failing = (): never => {
  throw new Error('the recipe failed');
};

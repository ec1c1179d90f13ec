import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CharPortToken, CpuCoreToken } from '@vivarium/contracts';
import { assemble } from '@vivarium/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { virtBoard } from '../src/index.ts';
import { assembleProgram } from './programs.ts';

/** What programs do to interrupt controllers in M-mode: each line changes something, or prints a word. */
const store = (address: number, value: number): string => `  li t0, ${address}\n  li t1, ${value}\n  sw t1, 0(t0)`;
const load = (address: number): string => `  li t0, ${address}\n  lwu a0, 0(t0)\n  call print`;
/** A bitmap, without sources 1 to 3: QEMU 7.2 starts with a state of them that is not initialized. */
const loadBits = (address: number): string => `  li t0, ${address}\n  lwu a0, 0(t0)\n  andi a0, a0, -16\n  call print`;
const csr = (operation: string, name: string, value: bigint): string =>
  `  li t1, ${value}\n  ${operation} a0, ${name}, t1\n  call print`;
/** Bits of mip or sip that are about external interrupts: timers differ. */
const external = (name: string): string => `  csrr a0, ${name}\n  li t1, 0xa00\n  and a0, a0, t1\n  call print`;
const selected = (level: string, select: number, operation: string, value: bigint): string =>
  `  li t0, ${select}\n  csrw ${level}iselect, t0\n${csr(operation, `${level}ireg`, value)}`;

const CSR_NUMBERS = { mtopei: 0x35c, stopei: 0x15c } as const;

/** Prints a0 in hexadecimal, and whether the instruction before trapped: then a0 is the cause with bit 63 set. */
const program = (lines: readonly string[]): string => `
.option norvc
.equ miselect, 0x350
.equ mireg, 0x351
.equ siselect, 0x150
.equ sireg, 0x151
.globl _start
_start:
  csrr t0, mhartid
1: bnez t0, 1b
  la sp, trapped
  csrw mtvec, sp
${lines.join('\n')}
  li t0, 0x100000
  li t1, 0x5555
  sw t1, 0(t0)
2: j 2b
.balign 4
trapped:
  csrr a0, mcause
  li t0, 1
  slli t0, t0, 63
  or a0, a0, t0
  csrr t0, mepc
  addi t0, t0, 4
  csrw mepc, t0
  mret
print:
  li t2, 0x10000000
  li t3, 60
3: srl t4, a0, t3
  andi t4, t4, 15
  addi t5, t4, -10
  addi t4, t4, 48
  bltz t5, 4f
  addi t4, t4, 39
4: lbu t6, 5(t2)
  andi t6, t6, 0x20
  beqz t6, 4b
  sb t4, 0(t2)
  addi t3, t3, -4
  bgez t3, 3b
  li t4, 10
5: lbu t6, 5(t2)
  andi t6, t6, 0x20
  beqz t6, 5b
  sb t4, 0(t2)
  ret
`;

const onQemu = (bytes: Uint8Array, aia: string): string => {
  const folder = mkdtempSync(join(tmpdir(), 'board-virt-'));
  try {
    const file = join(folder, 'a.elf');
    writeFileSync(file, bytes);
    const args = [
      '-M',
      `virt,aia=${aia}`,
      '-nodefaults',
      '-smp',
      '2',
      '-bios',
      file,
      '-display',
      'none',
      '-monitor',
      'none',
    ];
    const { stdout, error } = spawnSync('qemu-system-riscv64', [...args, '-serial', 'stdio'], {
      input: '',
      encoding: 'utf8',
      timeout: 60_000,
    });
    if (error !== undefined) throw new Error('this test needs QEMU (Debian: qemu-system-misc)', { cause: error });
    return stdout;
  } finally {
    rmSync(folder, { recursive: true });
  }
};

const onBoard = async (bytes: Uint8Array, interrupts: 'aplic' | 'aia'): Promise<string> => {
  const bios = { name: 'a.elf', bytes };
  await using machine = await assemble(
    virtBoard({ boot: { kind: 'bios', bios }, interrupts, cpus: 2, clock: 'virtual' }),
  );
  let output = '';
  const decoder = new TextDecoder();
  machine.get(CharPortToken).onOutput((chunk) => {
    output += decoder.decode(chunk, { stream: true });
  });
  await machine.start();
  const [hart] = machine.get(CpuCoreToken).vcpus;
  for (let slice = 0; slice < 1000 && machine.takePowerRequest() === undefined; slice += 1) {
    hart?.run(10_000);
    // The console takes what it can, between two slices.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return output;
};

/** Runs the lines on both; answers with the lines beside what they printed, to see what differs. */
const compared = async (lines: readonly string[], aia: 'aplic' | 'aplic-imsic') => {
  const { bytes } = assembleProgram(program(lines), 0x8000_0000);
  const beside = (output: string) => {
    const words = output.trim().split(/\r?\n/);
    return lines.filter((line) => line.includes('print')).map((line, index) => `${line} -> ${words[index]}`);
  };
  return {
    theirs: beside(onQemu(bytes, aia)),
    ours: beside(await onBoard(bytes, aia === 'aplic' ? 'aplic' : 'aia')),
  };
};

/** Always the same programs: two emulators that differ must do so today and tomorrow. */
const sample = (line: fc.Arbitrary<string>, count: number, seed: number): readonly string[] =>
  fc.sample(line, { numRuns: count, seed });

const topei = (name: keyof typeof CSR_NUMBERS, text: string): string =>
  `  ${text.replace('%', `${CSR_NUMBERS[name]}`)}\n  call print`;

describe('interrupt files', () => {
  const level = fc.constantFrom('m', 's');
  const value = fc.oneof(fc.bigInt(0n, 2n ** 64n - 1n), fc.constantFrom(0n, 1n, 2n, 6n, 0xff00n));
  const operation = fc.constantFrom('csrrw', 'csrrs', 'csrrc');
  const line = fc.oneof(
    {
      weight: 6,
      arbitrary: fc
        .tuple(level, fc.constantFrom(0x70, 0x72, 0x80, 0x82, 0x84, 0x86, 0xc0, 0xc2, 0xc4, 0xc6), operation, value)
        .map(([of, select, how, bits]) => selected(of, select, how, select < 0x80 ? bits & 0xffn : bits)),
    },
    // Numbers with nothing behind, and such as only harts of 32 bits have.
    fc
      .tuple(level, fc.constantFrom(0x2f, 0x31, 0x3f, 0x40, 0x6f, 0x81, 0xc1, 0xff, 0x100), value)
      .map(([of, select, bits]) => selected(of, select, 'csrrw', bits)),
    // QEMU takes csrrs with a register of value 0 for no write.
    {
      weight: 4,
      arbitrary: fc
        .tuple(fc.constantFrom('mtopei', 'stopei'), fc.constantFrom('csrrw a0, %, zero', 'csrrs a0, %, zero'))
        .map(([name, text]) => topei(name, text)),
    },
    {
      weight: 4,
      arbitrary: fc
        .tuple(fc.constantFrom(0x2400_0000, 0x2800_0000), fc.oneof(fc.nat(300), fc.nat(0xffff_ffff)))
        .map(([page, identity]) => store(page, identity)),
    },
    fc.constantFrom(load(0x2800_0000), load(0x2400_0004), external('mip'), external('sip')),
  );

  it('do what those of QEMU do', async () => {
    const start = ['m', 's'].map((of) => selected(of, 0x70, 'csrrw', 1n));
    const { ours, theirs } = await compared([...start, ...sample(line, 400, 7)], 'aplic-imsic');
    expect(ours).toEqual(theirs);
    expect(new Set(ours.map((each) => each.split(' -> ')[1])).size).toBeGreaterThan(80);
  });
});

describe.each([
  ['direct', 'aplic'],
  ['by messages', 'aplic-imsic'],
] as const)('an APLIC that delivers %s', (_name, aia) => {
  // Each domain has sources of its own, detached from their wires. What QEMU 7.2 does with those that go from one to
  // another, or become inactive, is not what the specification says: they keep their registers. And it starts with
  // inputs that are not initialized. Its priorities have three bits.
  const [machine, supervisor] = [0xc00_0000, 0xd00_0000];
  const base = fc.constantFrom(machine, supervisor);
  const owned = fc.oneof(
    fc.constantFrom(4, 5, 6, 8, 9).map((number) => ({ at: supervisor, number })),
    fc.constantFrom(7, 33, 95).map((number) => ({ at: machine, number })),
  );
  const number = fc.constantFrom(0, 4, 5, 6, 7, 8, 9, 33, 95, 97, 1024, 0xffff_ffff);
  const word = fc.constantFrom(0, 0, 1, 2, 31);
  const register = fc.constantFrom(0x1cdc, 0x1ddc, 0x1edc, 0x1fdc, 0x2000);
  const bitmap = fc.constantFrom(0x1c00, 0x1d00, 0x1e00, 0x1f00);
  const readable = fc.constantFrom(0x1c00, 0x1e00, 0x1f00);
  const common = [
    { weight: 2, arbitrary: fc.tuple(base, number).map(([at, any]) => load(at + 4 * (any & 0x3ff))) },
    { weight: 6, arbitrary: fc.tuple(base, number, register).map(([at, any, to]) => store(at + to, any)) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(base, word, bitmap, fc.nat(0xffff_ffff))
        .map(([at, index, to, bits]) => store(at + to + 4 * index, bits)),
    },
    {
      weight: 4,
      arbitrary: fc.tuple(base, word, readable).map(([at, index, from]) => loadBits(at + from + 4 * index)),
    },
    {
      weight: 3,
      arbitrary: fc
        .tuple(owned, fc.integer({ min: 1, max: 7 }))
        .map(([{ at, number: own }, low]) => store(at + 0x3000 + 4 * own, low)),
    },
    { weight: 2, arbitrary: owned.map(({ at, number: own }) => load(at + 0x3000 + 4 * own)) },
    { weight: 1, arbitrary: fc.tuple(base, fc.constantFrom(0x100, 0x100, 0)).map(([at, value]) => store(at, value)) },
    { weight: 1, arbitrary: base.map((at) => load(at)) },
    { weight: 1, arbitrary: fc.tuple(base, register).map(([at, from]) => load(at + from)) },
    { weight: 1, arbitrary: fc.constantFrom(external('mip'), external('sip')) },
  ];
  const idelivery = fc.constantFrom(0x00, 0x04, 0x08, 0x18, 0x1c);
  const harts = [
    {
      weight: 2,
      arbitrary: fc
        .tuple(base, idelivery, fc.nat(7))
        .map(([at, to, value]) => store(at + 0x4000 + to, to === 8 ? value : value & 1)),
    },
    { weight: 4, arbitrary: fc.tuple(base, idelivery).map(([at, from]) => load(at + 0x4000 + from)) },
  ];
  const every = 2n ** 64n - 1n;
  const files = [
    {
      weight: 4,
      arbitrary: fc
        .tuple(fc.constantFrom('m', 's'), fc.constantFrom(0x80, 0x82, 0x84, 0x86))
        .map(([level, select]) => selected(level, select, 'csrrw', 0n)),
    },
    { weight: 1, arbitrary: fc.constant(selected('s', 0xc0, 'csrrw', every)) },
    {
      weight: 2,
      arbitrary: fc.constantFrom(topei('stopei', 'csrrw a0, %, zero'), topei('mtopei', 'csrrw a0, %, zero')),
    },
    {
      weight: 2,
      arbitrary: fc.tuple(base, fc.integer({ min: 1, max: 200 })).map(([at, identity]) => store(at + 0x3000, identity)),
    },
  ];
  const line = fc.oneof(...common, ...(aia === 'aplic' ? harts : files));

  it('does what that of QEMU does', async () => {
    // Ours knows where messages go; QEMU has to be told.
    const addresses = [store(0xc00_1bc0, 0x2_4000), store(0xc00_1bc8, 0x2_8000)];
    const sources = Array.from({ length: 96 }, (_, index) => index + 1);
    const start = sources.flatMap((own) =>
      own > 1 && own < 10 && own !== 7
        ? [store(machine + 4 * own, 0x400), store(supervisor + 4 * own, 1)]
        : [store(machine + 4 * own, 1)],
    );
    // What is there at the start is not initialized; sources 1 to 3, where it stays so, go to another hart or
    // nowhere.
    const elsewhere = [1, 2, 3].map((own) => store(supervisor + 0x3000 + 4 * own, aia === 'aplic' ? 2 ** 18 + 1 : 0));
    const quiet = [machine, supervisor].flatMap((at) =>
      [0x1d00, 0x1f00].flatMap((to) => [0, 1, 2, 3].map((index) => store(at + to + 4 * index, 0xffff_ffff))),
    );
    const { ours, theirs } = await compared(
      [...addresses, ...start, ...elsewhere, ...quiet, ...sample(line, 500, 11)],
      aia,
    );
    expect(ours).toEqual(theirs);
    expect(new Set(ours.map((each) => each.split(' -> ')[1])).size).toBeGreaterThan(20);
  });
});

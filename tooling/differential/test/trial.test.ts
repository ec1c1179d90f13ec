import { afterAll, describe, expect, it } from 'vitest';
import { createCatalogue } from '../src/catalogue.ts';
import { CoreWorld } from '../src/core.ts';
import { createEncoder } from '../src/encoder.ts';
import { generateSequence } from '../src/generator.ts';
import { parseOptions } from '../src/options.ts';
import type { World } from '../src/outcome.ts';
import { CODE_BASE, createAssembler, type Program } from '../src/program.ts';
import { QemuWorld } from '../src/qemu.ts';
import { describeMismatch } from '../src/report.ts';
import { emitSlots, type Sequence } from '../src/sequence.ts';
import { Trial } from '../src/trial.ts';

/** What the qemu-user of Debian 12 (7.2) knows of our extensions. */
const EXTENSIONS = ['I', 'M', 'A', 'F', 'D', 'C', 'Zcd', 'Zicsr', 'Zba', 'Zbb', 'Zbc', 'Zbs', 'Zfhmin'];
const SEED = 1;

const encoder = createEncoder();
const assemble = createAssembler(encoder);
const groups = createCatalogue(EXTENSIONS);
const sequences = (first: number, count: number): readonly Sequence[] =>
  Array.from({ length: count }, (_, index) => generateSequence(SEED, first + index, groups, encoder));

const qemu = new QemuWorld('QEMU', 'qemu-riscv64', 'rv64,Zfhmin=true');
afterAll(() => qemu[Symbol.dispose]());

/** A processor that takes `from` for `to`. */
const confused = (from: string, to: string): World => ({
  name: 'confused',
  run: (program: Program) => {
    const code = program.code.slice();
    const view = new DataView(code.buffer);
    const difference = encoder.row(from).match ^ encoder.row(to).match;
    program.sequences.forEach((sequence, index) => {
      let address = program.starts[index];
      for (const { name, size, word } of emitSlots(sequence.slots, address)) {
        if (name === from) view.setUint32(address - CODE_BASE, word ^ difference, true);
        address += size;
      }
    });
    return qemu.run({ ...program, code });
  },
});

describe('generated sequences', () => {
  it('are the same for the same seed and number, whatever is generated beside them', () => {
    const program = assemble(sequences(0, 20));
    expect(assemble(sequences(0, 20)).code).toEqual(program.code);
    expect(emitSlots(sequences(7, 1)[0].slots, 0)).toEqual(emitSlots(sequences(0, 20)[7].slots, 0));
    expect(assemble(sequences(20, 20)).code).not.toEqual(program.code);
  });

  it('cover every instruction of their extensions', () => {
    const names = new Set(sequences(0, 5000).flatMap(({ slots }) => emitSlots(slots, 0).map(({ name }) => name)));
    const missing = groups.flatMap(({ candidates }) => candidates).filter(({ name }) => !names.has(name));
    expect(missing.map(({ name }) => name)).toEqual([]);
  });

  it('run to their end under QEMU, twice with the same states', async () => {
    expect(await new Trial(qemu, [qemu], assemble).run(sequences(0, 500))).toEqual([]);
  });
});

describe('the trial', () => {
  it('finds a wrong instruction and reduces the sequence to it', async () => {
    const trial = new Trial(qemu, [confused('xor', 'or')], assemble);
    const [mismatch] = await trial.run(sequences(0, 300));
    const reduced = await trial.reduce(mismatch);
    expect(emitSlots(reduced.sequence.slots, 0).map(({ name }) => name)).toEqual(['xor']);
    const text = describeMismatch(SEED, reduced);
    expect(text).toContain(`--seed ${SEED} --first ${mismatch.sequence.index} --sequences 1`);
    expect(text).toMatch(/\+00 {2}[0-9a-f]{8} {2}xor /);
    expect(text).toMatch(/x\d+ +before [0-9a-f]{16} {2}QEMU [0-9a-f]{16} {2}confused [0-9a-f]{16}/);
  });

  it('singles out the sequence that a world does not survive', async () => {
    const [deadly] = sequences(40, 1);
    const fragile: World = {
      name: 'fragile',
      run: async (program) =>
        program.sequences.some(({ index }) => index === deadly.index)
          ? { kind: 'died', reason: 'it broke' }
          : qemu.run(program),
    };
    const mismatches = await new Trial(qemu, [fragile], assemble).run(sequences(0, 60));
    expect(mismatches.map(({ sequence, verdict }) => [sequence.index, verdict])).toEqual([
      [40, { kind: 'died', world: 'fragile', reason: 'it broke' }],
    ]);
  });

  it('finds nothing to say about the core', async () => {
    await using machineMode = await CoreWorld.create('machine');
    await using userMode = await CoreWorld.create('user');
    const mismatches = await new Trial(qemu, [machineMode, userMode], assemble).run(sequences(0, 1000));
    expect(mismatches.map((mismatch) => describeMismatch(SEED, mismatch))).toEqual([]);
  });
});

describe('translated code', () => {
  it('does what interpreted code does', async () => {
    await using machineMode = await CoreWorld.create('machine', true);
    await using userMode = await CoreWorld.create('user', true);
    const mismatches = await new Trial(qemu, [machineMode, userMode], assemble).run(sequences(5000, 200));
    expect(mismatches.map((mismatch) => describeMismatch(SEED, mismatch))).toEqual([]);
  });
});

describe('encodings that are no instructions', () => {
  const illegal = createCatalogue(['illegal', 'I']);
  const batch = Array.from({ length: 400 }, (_, index) => generateSequence(SEED, index, illegal, encoder));

  it('decode to nothing', () => {
    const words = batch.flatMap(({ slots }) => emitSlots(slots, 0)).filter(({ name }) => name === 'illegal');
    expect(words.length).toBeGreaterThan(100);
    expect(words.filter(({ word }) => encoder.isLegal(word))).toEqual([]);
  });

  it('kill a process without the handler, and are stepped over with it', async () => {
    const program = assemble(batch);
    expect(await qemu.run({ ...program, linuxEntry: CODE_BASE })).toMatchObject({ kind: 'died' });
    expect(await qemu.run(program)).toMatchObject({ kind: 'finished' });
  });

  it('trap on the core too', async () => {
    await using machineMode = await CoreWorld.create('machine');
    await using userMode = await CoreWorld.create('user');
    const mismatches = await new Trial(qemu, [machineMode, userMode], assemble).run(batch);
    expect(mismatches.map((mismatch) => describeMismatch(SEED, mismatch))).toEqual([]);
  });
});

describe('options', () => {
  it('have defaults, and refuse what is no count', () => {
    expect(parseOptions([])).toMatchObject({ sequences: 100_000, seed: 1, first: 0, extensions: undefined });
    expect(parseOptions(['--extensions', 'F,D', '--seed', '7'])).toMatchObject({ extensions: ['F', 'D'], seed: 7 });
    expect(parseOptions(['--help'])).toBeUndefined();
    expect(() => parseOptions(['--sequences', 'many'])).toThrow('--sequences takes an integer of at least 1');
    expect(() => parseOptions(['--frobnicate'])).toThrow('frobnicate');
  });
});

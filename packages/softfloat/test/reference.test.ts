import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createFloatUnit,
  type FloatFormat,
  type FloatUnit,
  type IntegerFormat,
  type RoundingMode,
} from '../src/index.ts';
import { formats, operands, Random } from './operands.ts';

/** Vectors per operation; raised by hand for a longer run. */
const VECTORS = Number(process.env['SOFTFLOAT_VECTORS'] ?? 20_000);
const BATCH = 100_000;

interface Operation {
  readonly name: string;
  readonly source: FloatFormat;
  /** Undefined: an integer register. */
  readonly target: FloatFormat | undefined;
  readonly fromInteger?: true;
  readonly run: (unit: FloatUnit, mode: RoundingMode, a: bigint, b: bigint, c: bigint) => bigint;
}

const integers: readonly IntegerFormat[] = ['w', 'wu', 'l', 'lu'];

const arithmetic = (f: FloatFormat): readonly Operation[] => {
  const float = (name: string, run: Operation['run']): Operation => ({
    name: `${name}.${f.name}`,
    source: f,
    target: f,
    run,
  });
  const integer = (name: string, run: Operation['run']): Operation => ({ ...float(name, run), target: undefined });
  return [
    float('fadd', (u, m, a, b) => u.add(f, m, a, b)),
    float('fsub', (u, m, a, b) => u.sub(f, m, a, b)),
    float('fmul', (u, m, a, b) => u.mul(f, m, a, b)),
    float('fdiv', (u, m, a, b) => u.div(f, m, a, b)),
    float('fsqrt', (u, m, a) => u.sqrt(f, m, a)),
    float('fmadd', (u, m, a, b, c) => u.madd(f, m, a, b, c)),
    float('fmsub', (u, m, a, b, c) => u.msub(f, m, a, b, c)),
    float('fnmsub', (u, m, a, b, c) => u.nmsub(f, m, a, b, c)),
    float('fnmadd', (u, m, a, b, c) => u.nmadd(f, m, a, b, c)),
    float('fmin', (u, _, a, b) => u.min(f, a, b)),
    float('fmax', (u, _, a, b) => u.max(f, a, b)),
    integer('feq', (u, _, a, b) => u.eq(f, a, b)),
    integer('flt', (u, _, a, b) => u.lt(f, a, b)),
    integer('fle', (u, _, a, b) => u.le(f, a, b)),
    integer('fclass', (u, _, a) => u.classify(f, a)),
    ...integers.map((to) => integer(`fcvt.${to}`, (u, m, a) => u.toInteger(f, to, m, a))),
    ...integers.map((from) => ({
      ...float(`fcvt from ${from} to `, (u, m, a) => u.fromInteger(f, from, m, a)),
      fromInteger: true as const,
    })),
  ];
};

const conversion = (from: FloatFormat, to: FloatFormat): Operation => ({
  name: `fcvt.${to.name}.${from.name}`,
  source: from,
  target: to,
  run: (u, m, a) => u.convert(from, to, m, a),
});

const { h, s, d } = formats;
const operations: readonly Operation[] = [
  ...arithmetic(s),
  ...arithmetic(d),
  conversion(h, s),
  conversion(h, d),
  conversion(s, h),
  conversion(s, d),
  conversion(d, h),
  conversion(d, s),
];

const boxed = (format: FloatFormat, bits: bigint): bigint =>
  bits | ((2n ** 64n - 1n) & ~(2n ** BigInt(format.width) - 1n));

/** An integer of any magnitude. */
const anyInteger = (random: Random): bigint => {
  const magnitude = random.bits(64) >> BigInt(random.below(64));
  return BigInt.asUintN(64, random.below(2) === 1 ? -magnitude : magnitude);
};

describe('agreement with a RISC-V processor', () => {
  const folder = mkdtempSync(join(tmpdir(), 'softfloat-'));
  const oracle = join(folder, 'oracle');

  beforeAll(() => {
    const source = join(import.meta.dirname, 'oracle.c');
    const flags = ['-O1', '-static', '-march=rv64gc_zfhmin', '-o', oracle, source];
    try {
      execFileSync('riscv64-linux-gnu-gcc', flags);
      execFileSync('qemu-riscv64', ['--version']);
    } catch (cause) {
      throw new Error('this test needs riscv64-linux-gnu-gcc and qemu-riscv64 (gcc-riscv64-linux-gnu, qemu-user)', {
        cause,
      });
    }
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const ask = (records: Uint8Array): Promise<DataView> =>
    new Promise((resolve, reject) => {
      const child = spawn('qemu-riscv64', ['-cpu', 'rv64,Zfhmin=true', oracle], { stdio: ['pipe', 'pipe', 'inherit'] });
      const chunks: Uint8Array[] = [];
      child.stdout.on('data', (chunk: Uint8Array) => chunks.push(chunk));
      child.on('error', reject);
      child.on('close', (code) => {
        const answer = Buffer.concat(chunks);
        if (code === 0) resolve(new DataView(answer.buffer, answer.byteOffset, answer.length));
        else reject(new Error(`the oracle ended with ${code}`));
      });
      child.stdin.end(records);
    });

  const check = async (index: number, operation: Operation, count: number, seed: number): Promise<string[]> => {
    const random = new Random(seed);
    const records = new DataView(new ArrayBuffer(count * 32));
    for (let i = 0; i < count; i++) {
      const [a, b, c] = operands(random, operation.source);
      const first = operation.fromInteger ? anyInteger(random) : boxed(operation.source, a);
      records.setUint32(i * 32, index, true);
      records.setUint32(i * 32 + 4, i % 5, true);
      records.setBigUint64(i * 32 + 8, first, true);
      records.setBigUint64(i * 32 + 16, boxed(operation.source, b), true);
      records.setBigUint64(i * 32 + 24, boxed(operation.source, c), true);
    }
    const answers = await ask(new Uint8Array(records.buffer));
    expect(answers.byteLength).toBe(count * 16);
    const unit = createFloatUnit();
    const failures: string[] = [];
    const { source, target } = operation;
    for (let i = 0; i < count; i++) {
      const mode = (i % 5) as RoundingMode;
      const word = (offset: number): bigint => records.getBigUint64(i * 32 + offset, true);
      const value = (offset: number): bigint => BigInt.asUintN(source.width, word(offset));
      unit.flags = 0;
      const raw = operation.run(unit, mode, operation.fromInteger ? word(8) : value(8), value(16), value(24));
      const result = target === undefined ? raw : boxed(target, raw);
      const expected = answers.getBigUint64(i * 16, true);
      const flags = Number(answers.getBigUint64(i * 16 + 8, true));
      if (result !== expected || unit.flags !== flags) {
        const hex = (bits: bigint): string => bits.toString(16);
        failures.push(
          `${operation.name} mode ${mode} (${hex(word(8))}, ${hex(word(16))}, ${hex(word(24))}): ` +
            `${hex(result)} flags ${unit.flags}, processor ${hex(expected)} flags ${flags}`,
        );
        if (failures.length === 10) break;
      }
    }
    return failures;
  };

  it.each(operations.map((operation, index) => ({ name: operation.name, operation, index })))(
    '$name: results and flags in every rounding mode',
    { timeout: 600_000 },
    async ({ operation, index }) => {
      for (let done = 0; done < VECTORS; done += BATCH) {
        const failures = await check(index, operation, Math.min(BATCH, VECTORS - done), index * 7919 + done);
        expect(failures).toEqual([]);
      }
    },
  );
});

import { expect } from 'vitest';
import { runOnCore } from './core-system.ts';
import { DELEGATED, type DirectedProgram, NOTE, type Outcome } from './directed-program.ts';
import { runOnQemu, type WitnessModel } from './qemu-system.ts';

const INTERRUPT = 1n << 63n;
const MODES = ['U', 'S', '?', 'M'];

/** An outcome without mepc, as text: `value 0x2a`, `13 tval 0x4000 from S`, `to S: 8 tval 0x0 from U`. */
export const describeOutcome = ([cause, second, tval, from]: Outcome): string => {
  if (cause === NOTE) return `value 0x${second.toString(16)}`;
  const kind = (cause & INTERRUPT) !== 0n ? 'interrupt ' : '';
  const delegated = (cause & DELEGATED) !== 0n ? 'to S: ' : '';
  return `${delegated}${kind}${cause & 0xffn} tval 0x${tval.toString(16)} from ${MODES[Number(from)]}`;
};

/** What a probe that traps looks like. */
export const trap = (cause: number, tval: bigint | number, from: 'U' | 'S' | 'M'): string =>
  `${cause} tval 0x${BigInt.asUintN(64, BigInt(tval)).toString(16)} from ${from}`;
export const delegated = (cause: number, tval: bigint | number, from: 'U' | 'S'): string =>
  `to S: ${trap(cause, tval, from)}`;
export const interrupt = (cause: number, from: 'U' | 'S' | 'M'): string => `interrupt ${trap(cause, 0, from)}`;
export const value = (result: bigint | number): string => `value 0x${BigInt.asUintN(64, BigInt(result)).toString(16)}`;

/** Runs a program on the core and expects these outcomes. */
export const expectOnCore = async (program: DirectedProgram, outcomes: readonly string[]): Promise<void> => {
  expect((await runOnCore(program)).map(describeOutcome)).toEqual(outcomes);
};

/** The same, with QEMU as a witness: it must give these outcomes too, and the same mepc. */
export const expectWithWitness = async (
  program: DirectedProgram,
  outcomes: readonly string[],
  model: WitnessModel = 'full',
): Promise<void> => {
  const witness = runOnQemu(program, model);
  expect(witness.map(describeOutcome), 'QEMU').toEqual(outcomes);
  const records = await runOnCore(program);
  expect(records.map(describeOutcome), 'the core').toEqual(outcomes);
  expect(records).toEqual(witness);
};

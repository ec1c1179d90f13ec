import { disassemble, floatRegisterNames, integerRegisterNames } from '@vivarium/isa-riscv';
import { CODE_BASE } from './program.ts';
import { emitSlots, type Sequence } from './sequence.ts';
import type { Mismatch } from './trial.ts';

const hex = (value: bigint): string => value.toString(16).padStart(16, '0');

/** Instructions with their addresses relative to the start of the sequence, which is assembled alone. */
const listing = (sequence: Sequence): readonly string[] => {
  let offset = 0;
  return emitSlots(sequence.slots, CODE_BASE).map(({ word, size, name }) => {
    const text = disassemble(word, BigInt(CODE_BASE + offset), { aliases: false });
    const line = `  +${offset.toString(16).padStart(2, '0')}  ${word
      .toString(16)
      .padStart(size * 2, '0')
      .padEnd(8)}  ${text}`;
    offset += size;
    return text.startsWith(name) ? line : `${line}  (${name})`;
  });
};

/** Registers that appear in a listing, by the names of the state. */
const mentioned = (sequence: Sequence, lines: readonly string[]): readonly string[] => {
  const names = new Set<string>();
  for (const token of lines.join(' ').split(/[^a-z0-9]+/)) {
    const integer = integerRegisterNames.indexOf(token);
    const float = floatRegisterNames.indexOf(token);
    if (integer > 0) names.add(`x${integer} (${token}) = ${hex(sequence.x[integer] ?? 0n)}`);
    if (float >= 0) names.add(`f${float} (${token}) = ${hex(sequence.f[float] ?? 0n)}`);
  }
  for (const [register, offset] of sequence.bases) names.add(`x${register} points to window+${offset}`);
  names.add(`x${sequence.pointer} points to the record`);
  names.add(`fcsr = ${hex(BigInt(sequence.fcsr))}`);
  return [...names];
};

/** A reproducer as text: how to make it again, the instructions, the registers before, and both states after. */
export const describeMismatch = (seed: number, { sequence, subject, verdict }: Mismatch): string => {
  const lines = listing(sequence);
  const outcome =
    verdict.kind === 'died'
      ? [`  ${verdict.world} did not finish: ${verdict.reason}`]
      : verdict.differences.map(
          ({ place, before, expected, actual }) =>
            `  ${place.padEnd(10)} before ${hex(before)}  QEMU ${hex(expected)}  ${subject} ${hex(actual)}`,
        );
  return [
    `mismatch of ${subject} in sequence ${sequence.index}: --seed ${seed} --first ${sequence.index} --sequences 1`,
    ...lines,
    ' before:',
    ...mentioned(sequence, lines).map((line) => `  ${line}`),
    ' after:',
    ...outcome,
  ].join('\n');
};

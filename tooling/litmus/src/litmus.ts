import { virtBoard } from '@vivarium/board-virt';
import { MachineMemoryToken } from '@vivarium/contracts';
import { createParallelCell } from '@vivarium/host/node';
import { assemble } from '@vivarium/kernel';
import { COUNTS, HART_BITS, litmusProgram, X_BITS } from './program.ts';
import type { LitmusResult, LitmusTest } from './tests.ts';

const MEMORY = 32 * 1024 * 1024;

/** A result and how often it came out. */
export interface Outcome {
  readonly result: LitmusResult;
  readonly count: number;
  readonly forbidden: boolean;
  readonly relaxed: boolean;
}

/** Bits of a number. */
const bits = (value: number, at: number, count: number): number => (value >>> at) & ((1 << count) - 1);

const resultOf = (key: number, harts: number): LitmusResult => ({
  x: bits(key, 0, X_BITS),
  registers: Array.from({ length: harts }, (_, hart) => {
    const both = bits(key, X_BITS + hart * HART_BITS, HART_BITS);
    return [bits(both, 0, 2), bits(both, 2, 2)];
  }),
});

/** Runs a test for at least so many rounds, on as many threads as it has harts. */
export const runLitmus = async (test: LitmusTest, rounds: number): Promise<readonly Outcome[]> => {
  const harts = test.harts.length;
  const bios = { name: test.name, bytes: litmusProgram(test, rounds) };
  const spec = virtBoard({ memory: MEMORY, cpus: harts, threads: true, consoles: [], boot: { kind: 'bios', bios } });
  await using machine = await assemble(spec);
  const cell = createParallelCell(machine);
  const end = await cell.run();
  if (end.kind !== 'power-off') throw new Error(`${test.name} ended with ${JSON.stringify(end)}`);
  const keys = 1 << (X_BITS + harts * HART_BITS);
  const counts = machine.get(MachineMemoryToken).read(COUNTS, keys * 4);
  if (counts === undefined) throw new Error('the counts are not in RAM');
  const view = new DataView(counts.buffer);
  return Array.from({ length: keys }, (_, key) => ({ key, count: view.getUint32(key * 4, true) }))
    .filter(({ count }) => count > 0)
    .map(({ key, count }) => {
      const result = resultOf(key, harts);
      return { result, count, forbidden: test.forbidden(result), relaxed: test.relaxed?.(result) ?? false };
    });
};

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { crashRound } from './round.ts';

const LONGEST_DELAY = 1500;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    bus: { type: 'string', default: 'mmio' },
    format: { type: 'string', default: 'qcow2' },
  },
});

/** A moment for each round: the same for the same seed, as far as a real clock allows. */
const delayOf = (round: number): number => {
  const mixed = Math.imul((Number(values.seed) * 1000 + round) ^ 0x9e37_79b9, 0x85eb_ca6b);
  return ((mixed ^ (mixed >>> 13)) >>> 0) % LONGEST_DELAY;
};

const format = values.format === 'raw' ? 'raw' : 'qcow2';
const folder = mkdtempSync(join(tmpdir(), 'vivarium-crash-'));
let promised = 0;
let failed = 0;
try {
  for (let round = 1; round <= Number(values.rounds); round++) {
    const result = await crashRound({
      image: join(folder, 'disk.img'),
      format,
      bus: values.bus,
      delay: delayOf(round),
    });
    promised += result.promised;
    process.stderr.write(`round ${round} of ${values.rounds}: ${result.promised} lines\n`);
    if (result.problem === undefined) continue;
    failed += 1;
    process.stdout.write(`round ${round} (seed ${values.seed}, ${delayOf(round)} ms): ${result.problem}\n`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
process.stdout.write(`${values.rounds} rounds, ${promised} lines flushed, ${failed} rounds with losses or errors\n`);
process.exitCode = failed === 0 ? 0 : 1;

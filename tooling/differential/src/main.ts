/**
 * The differential run: generated instruction sequences on the CPU core and on QEMU, states compared after each.
 * `--help` lists the options; the exit code is 0 when every state was equal.
 */
import { createCatalogue } from './catalogue.ts';
import { CoreWorld } from './core.ts';
import { createEncoder } from './encoder.ts';
import { generateSequence } from './generator.ts';
import { type Options, parseOptions, USAGE } from './options.ts';
import { createAssembler } from './program.ts';
import { cachedQemu } from './qemu-package.ts';
import { QemuWorld } from './qemu.ts';
import { describeMismatch } from './report.ts';
import { type Mismatch, Trial } from './trial.ts';

/** Mismatches that are kept; a run with more of them has told enough. */
const MISMATCH_LIMIT = 1000;

const differential = async (options: Options): Promise<boolean> => {
  const say = (message: string): void => {
    if (options.verbose) console.error(message);
  };
  const encoder = createEncoder();
  const groups = createCatalogue(options.extensions);
  if (groups.length === 0) throw new Error(`no instruction belongs to ${options.extensions?.join(', ')}`);
  const instructions = groups.reduce((sum, group) => sum + group.candidates.length, 0);
  say(groups.map((group) => `${group.extension} ${group.candidates.length}`).join(', '));

  using qemu = new QemuWorld('QEMU', options.qemu ?? cachedQemu((message) => console.error(message)), options.cpu);
  await using machineMode = await CoreWorld.create('machine', options.translate);
  await using userMode = await CoreWorld.create('user', options.translate);
  const trial = new Trial(qemu, [machineMode, userMode], createAssembler(encoder));

  const mismatches: Mismatch[] = [];
  const started = performance.now();
  let done = 0;
  while (done < options.sequences && mismatches.length < MISMATCH_LIMIT) {
    const count = Math.min(options.batch, options.sequences - done);
    const sequences = Array.from({ length: count }, (_, index) =>
      generateSequence(options.seed, options.first + done + index, groups, encoder),
    );
    mismatches.push(...(await trial.run(sequences)));
    done += count;
    say(`${done} sequences, ${mismatches.length} mismatches, ${((performance.now() - started) / 1000).toFixed(1)} s`);
  }
  for (const mismatch of mismatches.slice(0, options.reproducers)) {
    console.log(`${describeMismatch(options.seed, await trial.reduce(mismatch))}\n`);
  }
  console.log(
    `${done} sequences of ${instructions} instructions in ${groups.length} extensions, seed ${options.seed}, ` +
      `each in machine and in translated user mode against ${qemu.name}: ${mismatches.length} mismatches`,
  );
  return mismatches.length === 0;
};

try {
  const options = parseOptions(process.argv.slice(2));
  if (options === undefined) console.log(USAGE);
  else if (!(await differential(options))) process.exitCode = 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}

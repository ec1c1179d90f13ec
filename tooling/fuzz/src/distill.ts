import { mkdirSync, writeFileSync } from 'node:fs';
import { Behaviours } from './engine/behaviours.ts';
import { corpusFile } from './engine/corpus-file.ts';
import { Coverage } from './engine/coverage.ts';
import { formatProgram, type Program } from './engine/program.ts';
import { loadTarget } from './targets/targets.ts';

const sizeOf = (program: Program): number => program.reduce((sum, { length }) => sum + length + 1, 0);

/** Of a target's inputs those that run code which shorter ones do not. Returns how many there are. */
export const distill = async (name: string, corpus: readonly Program[], folder: string): Promise<number> => {
  const target = await loadTarget(name);
  if (target === undefined) return 0;
  const behaviours = new Behaviours();
  using coverage = new Coverage(target.covers);
  // What runs the first time only, whatever the input.
  await target.run([], behaviours.see);
  coverage.take();
  const chosen: Program[] = [];
  for (const program of corpus.toSorted((one, other) => sizeOf(one) - sizeOf(other))) {
    try {
      await target.run(program, behaviours.see);
    } catch {
      // A finding, which is not for the corpus.
      continue;
    }
    if (coverage.take()) chosen.push(program);
  }
  mkdirSync(folder, { recursive: true });
  writeFileSync(corpusFile(folder, name), `${chosen.map(formatProgram).join('\n')}\n`);
  return chosen.length;
};

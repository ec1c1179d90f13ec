import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { corpusFile, keepInput, readCorpus } from './engine/corpus-file.ts';
import { formatFinding, nameOf } from './engine/finding.ts';
import { type Outcome, supervise } from './worker/supervise.ts';

/** How targets are fuzzed. */
export interface FuzzSettings {
  readonly targets: readonly string[];
  /** For all of them together. */
  readonly milliseconds: number;
  readonly executions: number;
  readonly seed: number;
  readonly jobs: number;
  readonly patience: number;
  readonly coverage: boolean;
  /** Inputs that we wrote, or that were distilled; read only. */
  readonly seeds: string;
  /** Absent: nothing is kept. */
  readonly corpus?: string;
  readonly findings: string;
  readonly print: (line: string) => void;
}

/** Fuzzes all targets, so many at the same time, and writes findings and the corpus down. */
export const fuzz = async (settings: FuzzSettings): Promise<readonly Outcome[]> => {
  const { targets, jobs, corpus, seeds, print } = settings;
  const milliseconds = (settings.milliseconds * Math.min(jobs, targets.length)) / targets.length;
  const outcomes = new Map<string, Outcome>();
  const waiting = [...targets];
  const work = async (): Promise<void> => {
    for (let target = waiting.shift(); target !== undefined; target = waiting.shift()) {
      const name = target;
      const { seed, executions, patience, coverage } = settings;
      const known = [seeds, ...(corpus === undefined ? [] : [corpus])];
      const outcome = await supervise({
        ...{ target: name, seed, executions, patience, coverage, milliseconds },
        corpus: known.flatMap((folder) => readCorpus(corpusFile(folder, name))),
        kept: (program) => {
          if (corpus !== undefined) keepInput(corpus, name, program);
        },
      });
      outcomes.set(name, outcome);
      for (const finding of outcome.findings) {
        const file = join(settings.findings, nameOf(finding));
        mkdirSync(settings.findings, { recursive: true });
        writeFileSync(file, formatFinding(finding));
        print(`${name}: ${finding.kind}: ${finding.message.split('\n')[0]}\n  pnpm fuzz --replay ${file}`);
      }
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return targets.flatMap((target) => outcomes.get(target) ?? []);
};

import { fileURLToPath } from 'node:url';
import { distill } from './distill.ts';
import { corpusFile, readCorpus } from './engine/corpus-file.ts';
import { fuzz } from './fuzz.ts';
import { parseOptions, USAGE } from './options.ts';
import { replay } from './replay.ts';
import { table } from './table.ts';
import { TARGETS } from './targets/targets.ts';

const here = (name: string): string => fileURLToPath(new URL(`../${name}`, import.meta.url));
const print = (line: string): void => void process.stdout.write(`${line}\n`);

const options = parseOptions(process.argv.slice(2));
const names = Object.keys(TARGETS);
const targets = options?.targets ?? names;
const unknown = targets.filter((name) => !names.includes(name));
const corpus = options?.corpus ?? here('corpus');
const seeds = here('seeds');

if (options === undefined) print(USAGE);
else if (options.list) print(names.join('\n'));
else if (unknown.length > 0) {
  process.stderr.write(`there is no target ${unknown.join(', ')}; there are ${names.join(', ')}\n`);
  process.exitCode = 2;
} else if (options.replay !== undefined) process.exitCode = (await replay(options.replay, print)) ? 0 : 1;
else if (options.distill) {
  for (const name of targets) {
    const known = [seeds, corpus].flatMap((folder) => readCorpus(corpusFile(folder, name)));
    print(`${name}: ${await distill(name, known, seeds)} of ${known.length} inputs`);
  }
} else {
  const { seed, executions, jobs, patience, coverage, minutes, json } = options;
  const outcomes = await fuzz({
    ...{ targets, seed, executions, jobs, patience, coverage, corpus, seeds },
    milliseconds: minutes * 60_000,
    findings: options.findings ?? here('findings'),
    print: (line) => void process.stderr.write(`${line}\n`),
  });
  print(
    json
      ? JSON.stringify(outcomes.map(({ findings, ...row }) => ({ ...row, findings: findings.length })))
      : table(outcomes),
  );
  process.exitCode = outcomes.some(({ findings }) => findings.length > 0) ? 1 : 0;
}

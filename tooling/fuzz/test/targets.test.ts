import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { corpusFile, readCorpus } from '../src/engine/corpus-file.ts';
import { fuzz } from '../src/fuzz.ts';
import { replay } from '../src/replay.ts';
import { table } from '../src/table.ts';
import { TARGETS } from '../src/targets/targets.ts';

const folder = mkdtempSync(join(tmpdir(), 'vivarium-fuzz-test-'));
const seeds = fileURLToPath(new URL('../seeds', import.meta.url));
const settings = {
  ...{ milliseconds: 60_000, executions: 60, seed: 7, jobs: 1, patience: 60_000, coverage: true },
  ...{ seeds, findings: join(folder, 'findings'), print: () => {} },
};

afterAll(() => rmSync(folder, { recursive: true }));

describe.each(Object.keys(TARGETS))('the target %s', (name) => {
  it('holds for what is kept of it, and for some more', async () => {
    const load = TARGETS[name];
    const target = await load?.();
    const corpus = readCorpus(corpusFile(seeds, name));
    expect(corpus.length).toBeGreaterThan(0);
    for (const program of corpus) await target?.run(program, () => {});
    expect(target?.covers.length).toBeGreaterThan(0);
  });
});

describe('a run', () => {
  it('tells of each target, and keeps what showed something new', async () => {
    const corpus = join(folder, 'corpus');
    const outcomes = await fuzz({ ...settings, targets: ['fdt', 'rng'], corpus, seeds: join(folder, 'none'), jobs: 2 });
    expect(outcomes.map(({ target, findings }) => [target, findings])).toEqual([
      ['fdt', []],
      ['rng', []],
    ]);
    expect(Math.min(...outcomes.map(({ executions }) => executions))).toBeGreaterThanOrEqual(60);
    expect(readCorpus(corpusFile(corpus, 'fdt')).length).toBeGreaterThan(2);
    expect(table(outcomes)).toMatch(/\n2 targets: \d+ executions, 0 findings$/);
  });

  it.each([
    ['throws', 'throw'],
    ['hangs', 'hang'],
    ['rejects', 'throw'],
  ])('finds a target that %s, writes the input down, and goes on', async (name, kind) => {
    const findings = join(folder, `findings-${name}`);
    const [outcome] = await fuzz({
      ...settings,
      targets: [`self-${name}`],
      findings,
      patience: 1000,
      executions: 200,
      milliseconds: 5000,
    });
    expect(outcome?.findings[0]).toMatchObject({ kind, target: `self-${name}` });
    expect(outcome?.executions).toBeGreaterThan(0);
    const [file = ''] = readdirSync(findings);
    expect(readFileSync(join(findings, file), 'utf8')).toMatch(
      new RegExp(`^# ${kind}: .*[^]*\ntarget: self-${name}\nprogram: [0-9a-f- ]+\n$`),
    );
  });

  it('is replayed from the file of a finding', async () => {
    const [file = ''] = readdirSync(join(folder, 'findings-throws'));
    const lines: string[] = [];
    expect(await replay(join(folder, 'findings-throws', file), (line) => void lines.push(line))).toBe(false);
    expect(lines.join('\n')).toContain('broken on purpose');
  });
});

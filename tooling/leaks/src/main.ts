import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { prepareDebian } from '@vivarium/guest-debian';
import { table } from './report.ts';
import { KINDS, measureRounds, type Row } from './rounds.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '100' },
    debian: { type: 'string', default: '3' },
    only: { type: 'string' },
    json: { type: 'boolean' },
  },
});
const rounds = Number(values.rounds);
const debian = Number(values.debian);
const kinds = KINDS.filter((kind) => values.only === undefined || kind === values.only);
if (kinds.length === 0 || !(rounds >= 1) || !(debian >= 0)) {
  process.stderr.write(`usage: leaks:cells [--rounds N] [--debian N] [--only ${KINDS.join('|')}] [--json]\n`);
  process.exit(2);
}
const folder = await mkdtemp(join(tmpdir(), 'viv-leaks-'));
const rows: Row[] = [];
const measure = async (asked: Omit<Parameters<typeof measureRounds>[0], 'folder'>): Promise<void> => {
  process.stderr.write(`${asked.cell}: ${asked.rounds} rounds of ${asked.debian ? 'Debian' : 'bare metal'}\n`);
  rows.push(await measureRounds({ ...asked, folder }));
};
try {
  for (const cell of kinds) await measure({ cell, rounds });
  if (debian > 0) {
    const images = await prepareDebian();
    for (const cell of kinds) await measure({ cell, rounds: debian, debian: images });
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
process.stdout.write(`${values.json === true ? JSON.stringify(rows) : table(rows)}\n`);
process.exitCode = rows.every(({ leaks }) => leaks.length === 0) ? 0 : 1;

import type { AuditEntry } from '@vivarium/control';
import { jsonLine } from '../report.ts';
import { connectionOptions, defineCommand } from './command.ts';
import { wholeNumber } from '../arguments/whole-number.ts';
import { tableLines } from './text-table.ts';

const MOST_ENTRIES = 1000;

const outcomeText = ({ outcome, code, unwritten = 0 }: AuditEntry): string =>
  [outcome, ...(code === undefined ? [] : [code]), ...(unwritten > 0 ? [`(after ${unwritten} more)`] : [])].join(' ');

export const command = defineCommand({
  usage: 'audit [options]',
  options: {
    most: { type: 'string', value: 'N', help: 'The last N entries (default 100)' },
    ...connectionOptions,
  },
  words: [0, 0],
  run: async ({ values: { most = '100', json }, streams, connect }) => {
    const input = { most: wholeNumber('most', most, 1, MOST_ENTRIES) };
    const { entries } = await (await connect()).call('audit', input);
    if (json === true) {
      streams.stdout.write(entries.map(jsonLine).join(''));
      return 0;
    }
    const lines = tableLines(
      ['TIME', 'WHO', 'ROLE', 'VIA', 'ASKED FOR', 'OF', 'OUTCOME'].map((heading) => ({ heading })),
      entries.map((entry) => [
        entry.time,
        entry.principal,
        entry.role,
        entry.via,
        entry.operation,
        entry.target,
        outcomeText(entry),
      ]),
    );
    streams.stdout.write(`${lines.join('\n')}\n`);
    return 0;
  },
});

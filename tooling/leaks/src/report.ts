import { COUNTS } from './footprint.ts';
import type { Row } from './rounds.ts';

/** A table for people; its last line says how many sequences left something behind. */
export const table = (rows: readonly Row[]): string => {
  const head = ['cell', 'guest', 'rounds', ...COUNTS, 'live MiB', 'RSS MiB', 'left behind'];
  const cells = rows.map(({ cell, guest, rounds, before, after, memory, leaks }) => [
    cell,
    guest,
    String(rounds),
    ...COUNTS.map((count) => `${before[count]} → ${after[count]}`),
    memory.map(({ live }) => (live / 1024).toFixed(1)).join(' → '),
    memory.map(({ resident }) => (resident / 1024).toFixed(1)).join(' → '),
    leaks.length === 0 ? 'nothing' : leaks.join(', '),
  ]);
  const widths = head.map((title, column) => Math.max(title.length, ...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  const leaking = rows.filter(({ leaks }) => leaks.length > 0).length;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...cells.map(line), '', `${leaking} leaks`].join(
    '\n',
  );
};

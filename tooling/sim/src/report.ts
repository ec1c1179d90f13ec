import type { Check, Measurement } from './check.ts';

/** A check with what came of it. */
export interface Row extends Measurement {
  readonly scheduler: string;
  readonly workload: string;
  readonly bound: string;
}

export const measureAll = (checks: readonly Check[], scale: number): readonly Row[] =>
  checks.map(({ measure, ...check }) => ({ ...check, ...measure(scale) }));

/** A table for people; its last line says how many bounds were broken. */
export const table = (rows: readonly Row[]): string => {
  const head = ['scheduler', 'workload', 'bound', 'measured', 'decisions', ''];
  const cells = rows.map(({ scheduler, workload, bound, measured, decisions, holds }) => [
    scheduler,
    workload,
    bound,
    measured,
    decisions.toLocaleString('en'),
    holds ? 'holds' : 'VIOLATED',
  ]);
  const widths = head.map((title, column) => Math.max(title.length, ...cells.map((row) => row[column].length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (column === 4 ? cell.padStart(widths[column]) : cell.padEnd(widths[column])))
      .join('  ')
      .trimEnd();
  const decisions = rows.reduce((sum, row) => sum + row.decisions, 0);
  const violations = rows.filter(({ holds }) => !holds).length;
  return [
    line(head),
    line(widths.map((width) => '-'.repeat(width))),
    ...cells.map(line),
    '',
    `${rows.length} bounds, ${decisions.toLocaleString('en')} decisions`,
    `${violations} violations`,
  ].join('\n');
};

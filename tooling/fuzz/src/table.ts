import type { Outcome } from './worker/supervise.ts';

const HEADS = ['target', 'executions', 'per second', 'corpus', 'slowest ms', 'findings'];

/** The outcomes as a table, with the sum as its last line. */
export const table = (outcomes: readonly Outcome[]): string => {
  const rows = outcomes.map(({ target, executions, seconds, corpus, slowest, findings }) => [
    target,
    String(executions),
    (executions / seconds).toFixed(0),
    String(corpus),
    slowest.toFixed(0),
    String(findings.length),
  ]);
  const widths = HEADS.map((head, column) => Math.max(head.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ');
  const executions = outcomes.reduce((sum, outcome) => sum + outcome.executions, 0);
  const findings = outcomes.reduce((sum, outcome) => sum + outcome.findings.length, 0);
  return [
    line(HEADS),
    ...rows.map(line),
    `${outcomes.length} targets: ${executions} executions, ${findings} findings`,
  ].join('\n');
};

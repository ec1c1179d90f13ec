import type { HostileRun, VirtioSubject, Verdict } from '@vivarium/testkit';
import { hostileRuns } from '@vivarium/testkit';

/** What became of a case: `WEDGED` when it did not end, `FAIL` when a post-condition does not hold. */
export type Outcome = Verdict | 'WEDGED' | 'FAIL';

/** One row: a device in one transport and ring format. */
export interface Row {
  readonly device: string;
  readonly transport: string;
  readonly format: string;
  readonly counts: Readonly<Record<Outcome, number>>;
  readonly problems: readonly string[];
}

/** Milliseconds after which a case that gives the event loop back counts as wedged. */
const DEADLINE = 30_000;

const attempt = async ({ run }: HostileRun): Promise<{ readonly outcome: Outcome; readonly problem?: string }> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'WEDGED'>((resolve) => {
    timer = setTimeout(() => resolve('WEDGED'), DEADLINE);
  });
  try {
    return { outcome: await Promise.race([run(), late]) };
  } catch (error) {
    return { outcome: 'FAIL', problem: String(error) };
  } finally {
    clearTimeout(timer);
  }
};

/** Runs every case against a device, one row for each transport and ring format. */
export const attack = async (device: string, make: () => Promise<VirtioSubject>): Promise<readonly Row[]> => {
  const groups = Map.groupBy(hostileRuns(make), ({ transport, format }) => `${transport} ${format}`);
  const rows: Row[] = [];
  for (const [key, runs] of groups) {
    const [transport = '', format = ''] = key.split(' ');
    const counts: Record<Outcome, number> = { PASS: 0, REJECT: 0, WEDGED: 0, FAIL: 0 };
    const problems: string[] = [];
    for (const run of runs) {
      const { outcome, problem } = await attempt(run);
      counts[outcome] += 1;
      if (outcome === 'FAIL' || outcome === 'WEDGED') problems.push(`${run.id} ${run.title}: ${problem ?? outcome}`);
    }
    rows.push({ device, transport, format, counts, problems });
  }
  return rows;
};

const COLUMNS = ['PASS', 'REJECT', 'WEDGED', 'FAIL'] as const;

const line = (cells: readonly (string | number)[], widths: readonly number[]): string =>
  cells
    .map((cell, index) =>
      index < 3 ? String(cell).padEnd(widths[index] ?? 0) : String(cell).padStart(widths[index] ?? 0),
    )
    .join('  ')
    .trimEnd();

/** The rows as a table, problems below, the sum as the last line. */
export const table = (rows: readonly Row[]): string => {
  const widths = [Math.max(6, ...rows.map(({ device }) => device.length)), 9, 6, 6, 6, 6, 6];
  const sum = (outcome: Outcome): number => rows.reduce((total, { counts }) => total + counts[outcome], 0);
  return [
    line(['device', 'transport', 'ring', ...COLUMNS], widths),
    ...rows.map(({ device, transport, format, counts }) =>
      line([device, transport, format, ...COLUMNS.map((outcome) => counts[outcome])], widths),
    ),
    ...rows.flatMap(({ device, transport, format, problems }) =>
      problems.map((problem) => `${device}, ${transport}, ${format}: ${problem}`),
    ),
    `cases ${COLUMNS.reduce((total, outcome) => total + sum(outcome), 0)}: ${COLUMNS.map((outcome) => `${sum(outcome)} ${outcome}`).join(', ')}`,
  ].join('\n');
};

import { parseArgs } from 'node:util';
import { type ConsolidationOptions, consolidate, type Outcome } from './consolidation.ts';
import { GUESTS } from './guests.ts';

/** How far a share may be from what the weight says, in parts of that. */
const TOLERANCE = 0.02;

const { values } = parseArgs({
  options: {
    pcpus: { type: 'string', default: '2' },
    seconds: { type: 'string', default: '30' },
    cell: { type: 'string', default: 'worker' },
    rounds: { type: 'string', default: '100' },
    memory: { type: 'string', default: '128' },
    guests: { type: 'string', default: GUESTS.map(({ name }) => name).join() },
  },
});
const names = values.guests.split(',');
const { outcomes, troubles, busy } = await consolidate({
  guests: GUESTS.filter(({ name }) => names.includes(name)),
  pcpus: Number(values.pcpus),
  seconds: Number(values.seconds),
  cell: values.cell as ConsolidationOptions['cell'],
  rounds: Number(values.rounds),
  memory: Number(values.memory),
  progress: (text) => process.stderr.write(`${text}\n`),
});

const off = ({ share, entitled }: Outcome): number | undefined =>
  share === undefined || entitled === undefined ? undefined : share / entitled - 1;
const percent = (part: number | undefined): string => (part === undefined ? '' : `${(part * 100).toFixed(2)}%`);
const seconds = (nanoseconds: number): string => (nanoseconds / 1e9).toFixed(2);
const line = (cells: readonly string[]): string =>
  cells.map((cell, index) => (index === 0 ? cell.padEnd(9) : cell.padStart(index === 2 ? 11 : 10))).join('');

const head = [
  'guest',
  'weight',
  'end',
  'ran s',
  'waited s',
  'share',
  'entitled',
  'off by',
  'p99 ms',
  'printed',
  'checksum',
];
const rows = outcomes.map((outcome) => {
  const { plan, end, ran, ready, share, entitled, wakeLatency, printed, right } = outcome;
  return line([
    plan.name,
    `${plan.weight}`,
    end ?? 'runs',
    seconds(ran),
    seconds(ready),
    percent(share),
    percent(entitled),
    percent(off(outcome)),
    (wakeLatency.p99 / 1e6).toFixed(2),
    `${printed}`,
    right === undefined ? '' : right ? 'right' : 'WRONG',
  ]);
});
process.stdout.write(`${[line(head), ...rows].join('\n')}\n\npCPUs were busy for ${busy.toFixed(1)}% of the time\n`);

const wrong = outcomes.filter((outcome) => outcome.right === false || Math.abs(off(outcome) ?? 0) > TOLERANCE);
for (const trouble of troubles) process.stdout.write(`trouble: ${JSON.stringify(trouble)}\n`);
const verdict =
  wrong.length === 0 ? 'all shares are within 2% of the weights' : `off: ${wrong.map(({ plan }) => plan.name).join()}`;
process.stdout.write(`${verdict}\n`);
process.exitCode = wrong.length === 0 ? 0 : 1;

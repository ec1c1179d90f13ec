import { parseArgs } from 'node:util';
import type { MemoryReport } from '@vivarium/host';
import { disorder } from './memory-order.ts';
import { overcommit, type Peak } from './overcommit.ts';

const MIB = 2 ** 20;
/** The part of an idle guest's RAM that may be its own. */
const UNIQUE = 0.4;

const { values } = parseArgs({
  options: {
    guests: { type: 'string', default: '6' },
    memory: { type: 'string', default: '192' },
    limit: { type: 'string' },
    data: { type: 'string', default: '84' },
    rest: { type: 'string', default: '5' },
  },
});
const [guests, memory] = [Number(values.guests), Number(values.memory)];
const limit = Number(values.limit ?? (guests * memory) / 2);
const print = (text: string): void => void process.stdout.write(`${text}\n`);
const began = performance.now();

const result = await overcommit({
  guests,
  memory,
  limit,
  data: Number(values.data),
  interval: 250,
  rest: Number(values.rest),
  progress: (text) => print(`${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s  ${text}`),
});

/** What a guest has that it has neither in common with others nor never touched. */
const uniqueOf = ({ size, zero, shared }: MemoryReport): number => (size - zero - shared) / size;
const mebibytes = (bytes: number | undefined): string => ((bytes ?? 0) / MIB).toFixed(1);
const names = [...result.right.keys()];
const line = (cells: readonly string[]): string =>
  cells.map((cell, index) => (index === 0 ? cell.padEnd(9) : cell.padStart(13))).join('');

print('');
print(line(['guest', 'idle unique', 'idle shared', 'most shared', 'balloon', 'compressed', 'swapped', 'checksums']));
for (const name of names) {
  const [idle, most] = [result.idle.get(name), result.most.get(name)];
  const kinds = (['shared', 'balloon', 'compressed', 'swapped'] as const).map((kind) => mebibytes(most?.[kind]));
  print(
    line([
      name,
      idle === undefined ? '' : `${(uniqueOf(idle) * 100).toFixed(1)}%`,
      mebibytes(idle?.shared),
      ...kinds,
      result.right.get(name) === true ? 'right' : 'WRONG',
    ]),
  );
}
print(
  `\nMiB. Guests held ${mebibytes(result.held)} of ${limit} at most, their processes ${mebibytes(result.resident)}.\n`,
);

const sum = (kind: keyof Peak): number => [...result.most.values()].reduce((all, most) => all + most[kind], 0);
const wrong = disorder(result.updates);
const verdicts: readonly (readonly [string, boolean])[] = [
  [
    `${guests} guests of ${memory} MiB on ${limit} MiB: ${((guests * memory) / limit).toFixed(1)}×`,
    limit * 2 <= guests * memory,
  ],
  ['all checksums are right, twice', names.length === guests && names.every((name) => result.right.get(name) === true)],
  [
    `at rest no guest has more than ${UNIQUE * 100}% of its pages for itself`,
    result.idle.size === guests && [...result.idle.values()].every((report) => uniqueOf(report) <= UNIQUE),
  ],
  ...(['shared', 'balloon', 'swapped'] as const).map(
    (kind) => [`${kind}: ${mebibytes(sum(kind))} MiB`, sum(kind) > 0] as const,
  ),
  [['states and actions are in the documented order', ...wrong.slice(0, 5)].join('; '), wrong.length === 0],
];
for (const [what, holds] of verdicts) print(`${holds ? 'PASS' : 'FAIL'}  ${what}`);
process.exitCode = verdicts.every(([, holds]) => holds) ? 0 : 1;

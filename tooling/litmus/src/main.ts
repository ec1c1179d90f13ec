import { parseArgs } from 'node:util';
import { type Outcome, runLitmus } from './litmus.ts';
import { TESTS } from './tests.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string' }, only: { type: 'string' }, json: { type: 'boolean' } },
});
const rounds = Number(values.rounds ?? 1_000_000);
const only = values.only?.split(',');
const tests = TESTS.filter(({ name }) => only?.some((word) => name.startsWith(word)) ?? true);
if (tests.length === 0 || !(rounds >= 1 && rounds < 2 ** 31)) {
  process.stderr.write(`usage: litmus [--only ${TESTS.map(({ name }) => name).join(',')}] [--rounds N] [--json]\n`);
  process.exit(2);
}

const resultText = ({ result: { registers, x }, count, forbidden, relaxed }: Outcome): string => {
  const mark = forbidden ? 'f' : relaxed ? 'r' : ' ';
  const harts = registers.map(([a, b]) => `${a} ${b}`).join(' | ');
  return `    ${mark} ${harts} ; ${x}  ${count}\n`;
};

const rows = [];
for (const test of tests) {
  const outcomes = await runLitmus(test, rounds);
  const total = outcomes.reduce((sum, { count }) => sum + count, 0);
  const forbidden = outcomes.reduce((sum, outcome) => sum + (outcome.forbidden ? outcome.count : 0), 0);
  rows.push({ name: test.name, rounds: total, forbidden, outcomes });
  if (values.json === true) continue;
  process.stdout.write(`${forbidden === 0 ? 'ok  ' : 'FAIL'} ${test.name}: ${total} rounds\n`);
  for (const outcome of outcomes) process.stdout.write(resultText(outcome));
}
if (values.json === true) process.stdout.write(`${JSON.stringify(rows)}\n`);
process.exitCode = rows.every(({ forbidden }) => forbidden === 0) ? 0 : 1;

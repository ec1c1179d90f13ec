import { parseArgs } from 'node:util';
import { CHECKS } from './checks.ts';
import { measureAll, table } from './report.ts';

const { values } = parseArgs({
  options: { json: { type: 'boolean' }, only: { type: 'string' }, scale: { type: 'string' } },
});
const scale = Number(values.scale ?? 1);
const checks = CHECKS.filter(({ scheduler }) => values.only === undefined || scheduler === values.only);
if (checks.length === 0 || !(scale > 0)) {
  const known = [...new Set(CHECKS.map(({ scheduler }) => scheduler))].join(', ');
  process.stderr.write(`usage: sim:schedulers [--only ${known}] [--scale EFFORT] [--json]\n`);
  process.exit(2);
}
const rows = measureAll(checks, scale);
process.stdout.write(`${values.json === true ? JSON.stringify(rows) : table(rows)}\n`);
process.exitCode = rows.every(({ holds }) => holds) ? 0 : 1;

import { parseArgs } from 'node:util';
import { TARGETS } from './devices.ts';
import { attack, type Row, table } from './report.ts';

const { values } = parseArgs({ options: { json: { type: 'boolean' }, device: { type: 'string' } } });
const targets = TARGETS.filter(({ name }) => values.device === undefined || name.startsWith(values.device));
if (targets.length === 0) {
  process.stderr.write(
    `there is no device '${values.device}'; there are ${TARGETS.map(({ name }) => name).join('; ')}\n`,
  );
  process.exit(2);
}
const rows: Row[] = [];
for (const { name, make } of targets) rows.push(...(await attack(name, make)));
process.stdout.write(`${values.json === true ? JSON.stringify(rows) : table(rows)}\n`);
process.exitCode = rows.some(({ counts }) => counts.FAIL + counts.WEDGED > 0) ? 1 : 0;

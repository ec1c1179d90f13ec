import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { laboratory } from './lab.ts';

const { values } = parseArgs({
  options: { svg: { type: 'string', default: 'scheduler-lab.svg' }, pcpus: { type: 'string', default: '4' } },
});
const { picture, table } = laboratory(Number(values.pcpus));
writeFileSync(values.svg, picture);
process.stdout.write(`${table}\n\npicture: ${values.svg}\n`);

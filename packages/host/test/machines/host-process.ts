/** A host in a process of its own, for a test to kill: `node host-process.ts FOLDER MACHINES outlive|die RUN`. */
import { createHost } from '@vivarium/host';
import { processCells } from '@vivarium/host/node';

const [folder = '', module = '', life, run] = process.argv.slice(2);
const host = createHost({ kinds: [processCells({ folder, outlive: life === 'outlive' })] });
const machine = await host.create({
  name: 'lasting',
  cell: 'process',
  recipe: { module, export: 'program', options: { run } },
});
await machine.start();
process.stdout.write(`${machine.info().pid}\n`);

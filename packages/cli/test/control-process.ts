/** A control plane in a process of its own, for a test to kill: `node control-process.ts FOLDER`. */
import { runTemplate } from '@vivarium/cli/template';
import { createControl } from '@vivarium/control';
import { fileStore } from '@vivarium/control/node';
import { createHost } from '@vivarium/host';
import { processCells } from '@vivarium/host/node';

const [folder = ''] = process.argv.slice(2);
const control = createControl({
  host: createHost({ kinds: [processCells({ folder: `${folder}/cells`, outlive: true })] }),
  cell: 'process',
  templates: { run: runTemplate() },
  store: await fileStore(`${folder}/machines`),
});
await control.recover();
const me = { name: 'test', role: 'admin', via: 'process' } as const;
const options = { arguments: ['debian', '--memory', '128M'], folder };
const { pid } = await control.call(me, 'create', { name: 'web', template: 'run', options, start: true });
process.stdout.write(`${pid}\n`);

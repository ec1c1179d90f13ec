/**
 * Runs the guest in a process of its own, made ready as `viv` makes its own. Arguments: kernel, initrd, command line,
 * `interpret` when nothing is to be translated, image of a disk.
 */
import { prepareEngine } from '@vivarium/cli/engine';

prepareEngine();

const [kernel = '', initrd = '', commandLine = '', mode = '', disk = ''] = process.argv.slice(2);
const { runMachine } = await import('./vivarium-machine.ts');
await runMachine(kernel, initrd, commandLine, mode, disk);

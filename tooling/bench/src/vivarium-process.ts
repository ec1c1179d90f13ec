/** Runs the guest in a process of its own, made ready as `viv` makes its own. Argument: the run, as JSON. */
import { prepareEngine } from '@vivarium/cli/engine';

prepareEngine();

const { runMachine } = await import('./vivarium-machine.ts');
await runMachine(JSON.parse(process.argv[2] ?? '') as Parameters<typeof runMachine>[0]);

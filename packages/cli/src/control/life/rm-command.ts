import { errors } from '../../errors.ts';
import { connectionOptions, defineCommand } from '../command.ts';
import { eachMachine } from './each-machine.ts';

/** What a machine is that would lose something. */
const ALIVE: readonly string[] = ['running', 'paused', 'waiting'];

export const command = defineCommand({
  usage: 'rm NAME… [options]',
  options: { force: { type: 'boolean', help: 'Also machines that run: they end at once' }, ...connectionOptions },
  words: [1, Number.POSITIVE_INFINITY],
  run: (context) =>
    eachMachine(context, async (client, name) => {
      if (context.values.force !== true) {
        const { status } = await client.call('inspect', { name });
        if (ALIVE.includes(status)) throw errors.make('VIV_MACHINE_ALIVE', `machine ${name} is ${status}`);
      }
      await client.call('destroy', { name });
      return undefined;
    }),
});

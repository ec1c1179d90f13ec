import { connectionOptions, defineCommand } from '../command.ts';
import { eachMachine } from './each-machine.ts';

export const command = defineCommand({
  usage: 'reset NAME… [options]',
  options: connectionOptions,
  words: [1, Number.POSITIVE_INFINITY],
  run: (context) => eachMachine(context, (client, name) => client.call('reset', { name })),
});

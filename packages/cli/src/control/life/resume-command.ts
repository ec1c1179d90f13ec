import { connectionOptions, defineCommand } from '../command.ts';
import { eachMachine } from './each-machine.ts';

export const command = defineCommand({
  usage: 'resume NAME… [options]',
  options: connectionOptions,
  words: [1, Number.POSITIVE_INFINITY],
  run: (context) => eachMachine(context, (client, name) => client.call('resume', { name })),
});

import { connectionOptions, defineCommand, secondsOf } from '../command.ts';
import { eachMachine } from './each-machine.ts';

const LONGEST_GRACE = 600;

export const command = defineCommand({
  usage: 'stop NAME… [options]',
  options: {
    grace: { type: 'string', value: 'SECONDS', help: 'Time for the guest to power off (default 10)' },
    ...connectionOptions,
  },
  words: [1, Number.POSITIVE_INFINITY],
  run: (context) => {
    const { grace } = context.values;
    const given = grace === undefined ? {} : { grace: secondsOf('grace', grace, LONGEST_GRACE) };
    return eachMachine(context, (client, name) => client.call('stop', { name, ...given }));
  },
});

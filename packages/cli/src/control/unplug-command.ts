import { connectionOptions, defineCommand } from './command.ts';
import { eachMachine } from './life/each-machine.ts';
import { patienceOf, patienceOption } from './patience-option.ts';

export const command = defineCommand({
  usage: 'unplug NAME DEVICE [--force] [options]',
  options: {
    force: { type: 'boolean', help: 'Take it out at once, whatever the guest does with it' },
    ...patienceOption,
    ...connectionOptions,
  },
  words: [2, 2],
  run: (context) => {
    const [name = '', device = ''] = context.words;
    const { force = false, wait } = context.values;
    const patience = patienceOf(wait);
    return eachMachine({ ...context, words: [name] }, (client) =>
      client.call('detachDevice', { name, device, force, ...patience }),
    );
  },
});

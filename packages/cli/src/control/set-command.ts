import { errors } from '../errors.ts';
import { connectionOptions, defineCommand } from './command.ts';
import { entitlementOf, entitlementOptions } from './entitlement-options.ts';
import { eachMachine } from './life/each-machine.ts';

export const command = defineCommand({
  usage: 'set NAME [--weight N] [--cap PERCENT] [options]',
  options: { ...entitlementOptions, ...connectionOptions },
  words: [1, 1],
  run: (context) => {
    const change = entitlementOf(context.values);
    if (Object.keys(change).length === 0) throw errors.make('VIV_USAGE', 'give a --weight or a --cap');
    return eachMachine(context, (client, name) => client.call('set', { name, ...change }));
  },
});

import { MAXIMUM_CPUS } from '@vivarium/board-virt';
import { parseMemorySize } from '../arguments/memory-size.ts';
import { errors } from '../errors.ts';
import { connectionOptions, defineCommand } from './command.ts';
import { wholeNumber } from '../arguments/whole-number.ts';
import { entitlementOf, entitlementOptions } from './entitlement-options.ts';
import { eachMachine } from './life/each-machine.ts';
import { patienceOf, patienceOption } from './patience-option.ts';

const memoryOf = (text: string): number => {
  const bytes = parseMemorySize(text);
  if (bytes === undefined) throw errors.make('VIV_USAGE', `--memory takes a size such as 192M, not '${text}'`);
  return bytes;
};

export const command = defineCommand({
  usage: 'set NAME [--weight N] [--cap PERCENT] [--cpus N] [--memory SIZE] [options]',
  options: {
    ...entitlementOptions,
    cpus: { type: 'string', value: 'N', help: 'vCPUs for the guest, up to the --max-cpus that it was made with' },
    memory: {
      type: 'string',
      value: 'SIZE',
      help: 'Memory for the guest; its balloon, which it needs, takes the rest',
    },
    ...patienceOption,
    ...connectionOptions,
  },
  words: [1, 1],
  run: (context) => {
    const { cpus, memory, wait } = context.values;
    const change = {
      ...entitlementOf(context.values),
      ...(cpus === undefined ? {} : { vcpus: wholeNumber('cpus', cpus, 1, MAXIMUM_CPUS) }),
      ...(memory === undefined ? {} : { memory: memoryOf(memory) }),
    };
    if (Object.keys(change).length === 0) {
      throw errors.make('VIV_USAGE', 'give a --weight, a --cap, --cpus or a --memory');
    }
    const patience = patienceOf(wait);
    return eachMachine(context, (client, name) => client.call('set', { name, ...change, ...patience }));
  },
});

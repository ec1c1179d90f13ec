import { resolve } from 'node:path';
import { errors } from '../errors.ts';
import { connectionOptions, defineCommand } from './command.ts';
import { eachMachine } from './life/each-machine.ts';
import { patienceOf, patienceOption } from './patience-option.ts';

export const command = defineCommand({
  usage: 'plug NAME DEVICE (--disk FILE | --net KIND) [options]',
  options: {
    disk: { type: 'string', value: 'FILE', help: 'A disk, as --disk of `viv run` takes it' },
    net: { type: 'string', value: 'KIND', help: 'A network card, as --net of `viv run` takes it' },
    ...patienceOption,
    ...connectionOptions,
  },
  words: [2, 2],
  examples: ['viv plug db data --disk /srv/disks/data.img'],
  run: (context) => {
    const { values, words } = context;
    const [name = '', device = ''] = words;
    const { disk, net, wait } = values;
    if ((disk === undefined) === (net === undefined)) throw errors.make('VIV_USAGE', 'give a --disk or a --net');
    // Options follow the path, which is seen from here and not from where the machine was made.
    const options = disk === undefined ? { net } : { disk: disk.replace(/^[^,]+/, (path) => resolve(path)) };
    const patience = patienceOf(wait);
    return eachMachine({ ...context, words: [name] }, (client) =>
      client.call('attachDevice', { name, device, options, ...patience }),
    );
  },
});

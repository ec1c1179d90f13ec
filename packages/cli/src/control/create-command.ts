import { errors } from '../errors.ts';
import { optionTable } from '../option-table.ts';
import { jsonLine } from '../report.ts';
import { connectionOptions, defineCommand } from './command.ts';
import { entitlementOf, entitlementOptions } from './entitlement-options.ts';

const RESTARTS = ['never', 'on-failure', 'always'] as const;
const ROLES = ['viewer', 'operator', 'admin'] as const;

const oneOf = <Choice extends string>(option: string, text: string, choices: readonly Choice[]): Choice => {
  const found = choices.find((each) => each === text);
  if (found === undefined) throw errors.make('VIV_USAGE', `--${option} takes ${choices.join(', ')}, not '${text}'`);
  return found;
};

export const command = defineCommand({
  usage: 'create NAME [run arguments] [options]',
  options: {
    start: { type: 'boolean', help: 'Start it, too' },
    ...entitlementOptions,
    restart: { type: 'string', value: 'WHEN', help: 'When it is started again: never (default), on-failure or always' },
    management: {
      type: 'string',
      value: 'ROLE',
      help: 'What its guest may do with this host: viewer, operator or admin (default: nothing)',
    },
    ...connectionOptions,
  },
  words: [2, Number.POSITIVE_INFINITY],
  passes: optionTable,
  examples: [
    'create web debian --memory 128M --start',
    'create db debian --root root.qcow2 --weight 512 --restart on-failure',
  ],
  run: async ({ values, words, streams, connect }) => {
    const [name = '', ...args] = words;
    const { restart, start, management } = values;
    const machine = await (await connect()).call('create', {
      name,
      template: 'run',
      options: { arguments: args, folder: process.cwd() },
      ...entitlementOf(values),
      ...(restart === undefined ? {} : { restart: oneOf('restart', restart, RESTARTS) }),
      ...(management === undefined ? {} : { management: oneOf('management', management, ROLES) }),
      ...(start === true ? { start: true } : {}),
    });
    streams.stdout.write(values.json === true ? jsonLine(machine) : `${name}: ${machine.status}\n`);
    return 0;
  },
});

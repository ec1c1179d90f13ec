import { optionLine } from '../help.ts';
import type { Streams } from '../session.ts';
import { type Command, generalOptions, readArguments } from './command.ts';
import { connectTo } from './places.ts';

const helpOf = ({ usage, options, examples = [] }: Command): string =>
  [
    `Usage: viv ${usage}`,
    '',
    'Options:',
    ...Object.entries({ ...options, ...generalOptions }).map(optionLine),
    ...(examples.length === 0 ? [] : ['', 'Examples:', ...examples.map((example) => `  viv ${example}`)]),
    '',
  ].join('\n');

/** Runs a command with its arguments. Rejects with coded errors. */
export const runCommand = async (command: Command, args: readonly string[], streams: Streams): Promise<number> => {
  const { values, words } = readArguments(command, args);
  if (values.help === true) {
    streams.stdout.write(helpOf(command));
    return 0;
  }
  return command.run({ values, words, streams, connect: () => connectTo(values) });
};

import { parseArgs, type ParseArgsConfig } from 'node:util';
import type { Client } from '@vivarium/client/node';
import { errors } from '../errors.ts';
import type { OptionRow } from '../option-table.ts';
import type { Streams } from '../session.ts';

type Options = Readonly<Record<string, OptionRow>>;

/** Options by name, as they were given. */
export type Values<Table extends Options> = {
  readonly [Name in keyof Table]?: Table[Name] extends { readonly type: 'boolean' }
    ? boolean
    : Table[Name] extends { readonly multiple: true }
      ? readonly string[]
      : string;
};

/** Options of every command that asks a daemon. */
export const connectionOptions = {
  socket: { type: 'string', value: 'PATH', help: "The daemon's Unix socket" },
  url: { type: 'string', value: 'URL', help: 'The daemon over TCP instead, such as http://127.0.0.1:7070' },
  token: {
    type: 'string',
    value: 'TOKEN',
    help: 'Goes with --url; better in VIVARIUM_TOKEN, where ps does not show it',
  },
} as const satisfies Options;

/** Options of all commands about many machines. */
export const generalOptions = {
  json: { type: 'boolean', help: 'Print JSON, for programs' },
  verbose: { type: 'boolean', help: 'Show causes of errors' },
  help: { type: 'boolean', short: 'h', help: 'Print this help' },
} as const satisfies Options;

/** What a command works with. */
export interface CommandContext<Table extends Options> {
  readonly values: Values<Table & typeof generalOptions>;
  /** What is no option. */
  readonly words: readonly string[];
  readonly streams: Streams;
  /** Connects to the daemon that the options mean. */
  readonly connect: () => Promise<Client>;
}

export interface CommandDefinition<Table extends Options> {
  /** What follows `viv`. */
  readonly usage: string;
  readonly options: Table;
  /** Fewest and most words. */
  readonly words: readonly [least: number, most: number];
  /** Options besides its own that it hands on: their arguments become words. */
  readonly passes?: Options;
  readonly examples?: readonly string[];
  /** Resolves with the exit code. */
  run(context: CommandContext<Table>): Promise<number>;
}

/** A command, whatever its options. */
export type Command = CommandDefinition<Options>;

export const defineCommand = <const Table extends Options>(definition: CommandDefinition<Table>): Command =>
  // Method parameters go both ways, and what is read is by its own table.
  definition;

const usage = (message: string): Error => errors.make('VIV_USAGE', message);

const parse = (args: readonly string[], options: NonNullable<ParseArgsConfig['options']>) => {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true, tokens: true });
  } catch (error) {
    const [problem = ''] = (error as Error).message.split(/\.(?:\s|$)/);
    throw errors.make('VIV_USAGE', problem, { cause: error });
  }
};

/** Takes the arguments of a command apart. Throws `VIV_USAGE`. */
export const readArguments = (
  { options, words: [least, most], passes = {}, usage: line }: Command,
  args: readonly string[],
): { readonly values: CommandContext<Options>['values']; readonly words: readonly string[] } => {
  const own = { ...options, ...generalOptions };
  const { values, tokens } = parse(args, { ...passes, ...own });
  const words = tokens.flatMap((token) => {
    if (token.kind === 'positional') return [token.value];
    if (token.kind === 'option' && !Object.hasOwn(own, token.name)) {
      return [token.value === undefined ? token.rawName : `${token.rawName}=${token.value}`];
    }
    return [];
  });
  const given = values as CommandContext<Options>['values'];
  if (values['help'] === true) return { values: given, words };
  if (words.length < least) throw usage(`something is missing: viv ${line}`);
  if (words.length > most) throw usage(`'${words[most]}' is one argument too many: viv ${line}`);
  return { values: given, words };
};

/** Seconds of an option, as milliseconds. Throws `VIV_USAGE`. */
export const secondsOf = (option: string, text: string, most: number): number => {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= 0 && value <= most)) throw usage(`--${option} takes seconds up to ${most}, not '${text}'`);
  return Math.round(value * 1000);
};

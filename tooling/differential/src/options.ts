import { parseArgs } from 'node:util';
import { QEMU_MODEL } from './qemu.ts';

export const USAGE = `Runs generated instruction sequences on QEMU and on the CPU core and compares the states after each.

usage: differential [options]
  --sequences N        how many sequences (default 100000)
  --seed N             which run (default 1); the same seed makes the same sequences
  --first N            number of the first sequence (default 0)
  --batch N            sequences in one program (default 1000)
  --extensions A,B     only instructions of these extensions, as the instruction table names them
  --cpu MODEL          CPU model of QEMU (default: our extensions and no others)
  --qemu PATH          a qemu-riscv64 of version 9.1 or later; without it one is fetched from Debian's archive
  --reproducers N      how many mismatches to reduce and print in full (default 10)
  --translate          translate everything to WebAssembly at its first jump, instead of interpreting it
  --verbose            print progress and the extensions
  --help`;

export interface Options {
  readonly sequences: number;
  readonly seed: number;
  readonly first: number;
  readonly batch: number;
  readonly extensions: readonly string[] | undefined;
  readonly cpu: string;
  readonly qemu: string | undefined;
  readonly reproducers: number;
  readonly translate: boolean;
  readonly verbose: boolean;
}

const integer = (name: string, text: string, minimum: number): number => {
  const value = Number(text);
  if (Number.isInteger(value) && value >= minimum && value < 2 ** 31) return value;
  throw new Error(`--${name} takes an integer of at least ${minimum}, not '${text}'`);
};

/** Undefined when help is asked for. */
export const parseOptions = (args: readonly string[]): Options | undefined => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      sequences: { type: 'string', default: '100000' },
      seed: { type: 'string', default: '1' },
      first: { type: 'string', default: '0' },
      batch: { type: 'string', default: '1000' },
      extensions: { type: 'string' },
      cpu: { type: 'string', default: QEMU_MODEL },
      qemu: { type: 'string' },
      reproducers: { type: 'string', default: '10' },
      translate: { type: 'boolean', default: false },
      verbose: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  return {
    sequences: integer('sequences', values.sequences, 1),
    seed: integer('seed', values.seed, 0),
    first: integer('first', values.first, 0),
    batch: integer('batch', values.batch, 1),
    extensions: values.extensions?.split(','),
    cpu: values.cpu,
    qemu: values.qemu,
    reproducers: integer('reproducers', values.reproducers, 0),
    translate: values.translate,
    verbose: values.verbose,
  };
};

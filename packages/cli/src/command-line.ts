import { parseArgs } from 'node:util';
import { DEFAULT_MEMORY, MAXIMUM_CPUS } from '@vivarium/board-virt';
import { type DiskArgument, parseDiskArgument } from './disk-argument.ts';
import { errors } from './errors.ts';
import { type GdbAddress, parseGdbAddress } from './gdb-address.ts';
import { parseMemorySize } from './memory-size.ts';
import { optionTable } from './option-table.ts';
import { parsePluginArgument, type PluginArgument } from './plugin-argument.ts';

/** What `viv run` was asked to do. */
export interface RunRequest {
  readonly action: 'run';
  readonly guest: 'debian' | undefined;
  readonly exec: string | undefined;
  readonly cpus: number;
  /** Bytes. */
  readonly memory: number;
  readonly kernel: string | undefined;
  readonly initrd: string | undefined;
  readonly append: string | undefined;
  readonly bios: string | undefined;
  readonly disks: readonly DiskArgument[];
  readonly bus: 'mmio' | 'pci';
  readonly interrupts: 'plic' | 'aplic' | 'aia';
  readonly plugins: readonly PluginArgument[];
  readonly clock: 'real' | 'virtual';
  readonly reboot: boolean;
  /** Seconds. */
  readonly timeout: number | undefined;
  /** Byte of the escape key. */
  readonly escape: number | undefined;
  /** `-` is standard error. */
  readonly trace: string | undefined;
  readonly traceLimit: number;
  /** Accesses to devices: `-` is standard error. */
  readonly traceDevices: string | undefined;
  /** Accesses to devices that are traced in a second. */
  readonly traceRate: number;
  /** Where debuggers find the machine, and whether it waits for one. */
  readonly gdb: (GdbAddress & { readonly wait: boolean }) | undefined;
  /** Attribute time to symbols from these files, and show so many. */
  readonly profile: { readonly symbols: readonly string[]; readonly top: number } | undefined;
  /** Report what the CPU core did. */
  readonly stats: boolean;
  readonly json: boolean;
  readonly verbose: boolean;
}

export type Request =
  | RunRequest
  | { readonly action: 'help' }
  | { readonly action: 'version' }
  | { readonly action: 'disassemble'; readonly file: string };

const DEFAULT_TOP = 30;
const DEFAULT_TRACE_LIMIT = 10_000;
const DEFAULT_TRACE_RATE = 1000;
const DEFAULT_ESCAPE = 0x1d; // Ctrl-]
/** Longest `--timeout` that host timers can keep, in seconds. */
const LONGEST_TIMEOUT = 2_000_000;

const usage = (message: string, cause?: unknown): Error =>
  errors.make('VIV_USAGE', message, cause === undefined ? {} : { cause });

const integer = (option: string, text: string, least: number, most: number): number => {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most)) {
    throw usage(`--${option} takes a whole number from ${least} to ${most}, not '${text}'`);
  }
  return value;
};

const memorySize = (text: string): number => {
  const bytes = parseMemorySize(text);
  if (bytes === undefined) throw usage(`--memory takes a size such as 256M or 1G, not '${text}'`);
  return bytes;
};

const seconds = (text: string): number => {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(value > 0 && value <= LONGEST_TIMEOUT)) {
    throw usage(`--timeout takes a number of seconds up to ${LONGEST_TIMEOUT}, not '${text}'`);
  }
  return value;
};

const diskArgument = (text: string): DiskArgument => {
  const disk = parseDiskArgument(text);
  if (typeof disk === 'string') throw usage(`--disk '${text}' ${disk}`);
  return disk;
};

const gdbAddress = (text: string): GdbAddress => {
  const address = parseGdbAddress(text);
  if (address === undefined) throw usage(`--gdb takes a port or HOST:PORT, not '${text}'`);
  return address;
};

/** `^]` and `^A` are control keys, `none` is no key. */
const escapeKey = (text: string): number | undefined => {
  if (text === 'none') return undefined;
  const control = /^\^([@-_a-z])$/.exec(text)?.[1];
  if (control === undefined) throw usage(`--escape takes a control key such as ^] or ^A, or none, not '${text}'`);
  return control.toUpperCase().charCodeAt(0) & 0x1f;
};

const oneOf = <Choice extends string>(option: string, text: string, choices: readonly Choice[]): Choice => {
  const choice = choices.find((candidate) => candidate === text);
  if (choice === undefined) throw usage(`--${option} takes ${choices.join(' or ')}, not '${text}'`);
  return choice;
};

const parse = (args: readonly string[]) => {
  try {
    return parseArgs({ args: [...args], options: optionTable, allowPositionals: true, strict: true });
  } catch (error) {
    // After the first sentence Node's messages advise on its own API.
    const [problem = ''] = (error as Error).message.split(/\.(?:\s|$)/);
    const advice = problem.includes('ambiguous') ? '; write --option=VALUE when the value starts with a dash' : '';
    throw usage(problem + advice, error);
  }
};

/** Reads the arguments after `viv`. Throws `VIV_USAGE`. */
export const parseCommandLine = (args: readonly string[]): Request => {
  const { values, positionals } = parse(args);
  if (values.help === true) return { action: 'help' };
  if (values.version === true) return { action: 'version' };
  const [command, guest, ...rest] = positionals;
  if (command !== undefined && command !== 'run' && command !== 'profile')
    throw usage(`there is no command '${command}'`);
  if (values.disasm !== undefined) return { action: 'disassemble', file: values.disasm };
  if (command === undefined) throw usage('no command is given');
  if (rest[0] !== undefined) throw usage(`'${rest[0]}' is one argument too many; quote a command that has spaces`);
  if (guest !== undefined && guest !== '-' && guest !== 'debian') throw usage(`there is no guest '${guest}'`);
  const request: RunRequest = {
    action: 'run',
    guest: guest === 'debian' ? 'debian' : undefined,
    exec: values.exec,
    cpus: integer('cpus', values.cpus ?? '1', 1, MAXIMUM_CPUS),
    memory: values.memory === undefined ? DEFAULT_MEMORY : memorySize(values.memory),
    kernel: values.kernel,
    initrd: values.initrd,
    append: values.append,
    bios: values.bios,
    disks: (values.disk ?? []).map(diskArgument),
    bus: oneOf('bus', values.bus ?? 'mmio', ['mmio', 'pci']),
    interrupts: oneOf('interrupts', values.interrupts ?? 'plic', ['plic', 'aplic', 'aia']),
    plugins: (values.plugin ?? []).map(parsePluginArgument),
    clock: oneOf('clock', values.clock ?? 'real', ['real', 'virtual']),
    reboot: values['no-reboot'] !== true,
    timeout: values.timeout === undefined ? undefined : seconds(values.timeout),
    escape: values.escape === undefined ? DEFAULT_ESCAPE : escapeKey(values.escape),
    trace: values.trace,
    traceLimit: integer('trace-limit', values['trace-limit'] ?? `${DEFAULT_TRACE_LIMIT}`, 1, 1e12),
    traceDevices: values['trace-devices'],
    traceRate: integer('trace-rate', values['trace-rate'] ?? `${DEFAULT_TRACE_RATE}`, 1, 1e9),
    gdb: values.gdb === undefined ? undefined : { ...gdbAddress(values.gdb), wait: values['gdb-wait'] === true },
    profile:
      command === 'profile'
        ? { symbols: values.symbols ?? [], top: integer('top', values.top ?? `${DEFAULT_TOP}`, 1, 1e6) }
        : undefined,
    stats: values.stats === true,
    json: values.json === true,
    verbose: values.verbose === true,
  };
  if (request.profile === undefined && (values.symbols !== undefined || values.top !== undefined)) {
    throw usage('--symbols and --top are for `viv profile`');
  }
  if (request.gdb === undefined && values['gdb-wait'] === true) throw usage('--gdb-wait goes with --gdb');
  checkTogether(request);
  return request;
};

const checkTogether = ({ guest, exec, kernel, bios, initrd }: RunRequest): void => {
  if (guest === undefined && kernel === undefined && bios === undefined) {
    throw usage('nothing to run: name a guest (debian), a --kernel or a --bios');
  }
  if (guest !== undefined && bios !== undefined) throw usage('--bios starts its own system; leave out the guest');
  if (kernel === undefined && initrd !== undefined && guest === undefined) throw usage('--initrd needs a --kernel');
  if (exec !== undefined && guest === undefined) {
    throw errors.make('VIV_EXEC_GUEST', '--exec needs a guest with an agent in it');
  }
};

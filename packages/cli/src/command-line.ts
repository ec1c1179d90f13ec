import { parseArgs } from 'node:util';
import { DEFAULT_MEMORY, MAXIMUM_CPUS } from '@vivarium/board-virt';
import { type DiskArgument, parseDiskArgument } from './arguments/disk-argument.ts';
import { type GdbAddress, parseGdbAddress } from './arguments/gdb-address.ts';
import { parseMemorySize } from './arguments/memory-size.ts';
import { type NetArgument, parseNetArgument } from './arguments/net-argument.ts';
import { parsePluginArgument, type PluginArgument } from './arguments/plugin-argument.ts';
import { parseShareArgument, type ShareArgument } from './arguments/share-argument.ts';
import { parseVsockArgument, type VsockArgument } from './arguments/vsock-argument.ts';
import { wholeNumber } from './arguments/whole-number.ts';
import { errors } from './errors.ts';
import { DEFAULT_ESCAPE } from './escape-filter.ts';
import { optionTable } from './option-table.ts';

/** What `viv run` was asked to do. */
export interface RunRequest {
  readonly action: 'run';
  readonly guest: 'debian' | undefined;
  readonly exec: string | undefined;
  readonly cpus: number;
  /** vCPUs that there are, with those that the guest can get while it runs. */
  readonly maxCpus: number;
  /** Each vCPU on a thread of its own. */
  readonly threads: boolean;
  /** Bytes. */
  readonly memory: number;
  readonly kernel: string | undefined;
  readonly initrd: string | undefined;
  readonly append: string | undefined;
  readonly bios: string | undefined;
  /** The root file system of the guest: a folder or a disk image, as in `--share` or `--disk`. */
  readonly root: string | undefined;
  readonly disks: readonly DiskArgument[];
  readonly networks: readonly NetArgument[];
  readonly shares: readonly ShareArgument[];
  readonly vsock: VsockArgument | undefined;
  /** Bytes that the guest is asked to do without from the start; undefined: there is no balloon. */
  readonly balloon: number | undefined;
  /** Hot-plug slots on the PCI bus, and folders of disks that may be put into them and written. */
  readonly slots: number;
  readonly writable: readonly string[];
  /** A source of random numbers. */
  readonly rng: boolean;
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
  | { readonly action: 'disassemble'; readonly file: string }
  | ImageRequest;

/** What `viv image` was asked to do. */
export interface ImageRequest {
  readonly action: 'image';
  /** A new folder, or a disk image by its name: `.img`, `.raw` or `.qcow2`. */
  readonly output: string;
  /** Debian packages besides the usual ones. */
  readonly packages: readonly string[];
  /** Bytes of the disk. */
  readonly size: number;
}

/** Of `--initrd`: none at all. */
export const NO_INITRD = 'none';

const DEFAULT_DISK_SIZE = 2 * 1024 ** 3;
/** The bus has places for other devices, too. */
const MOST_SLOTS = 16;
const DEFAULT_TOP = 30;
const DEFAULT_TRACE_LIMIT = 10_000;
const DEFAULT_TRACE_RATE = 1000;
/** Longest `--timeout` that host timers can keep, in seconds. */
const LONGEST_TIMEOUT = 2_000_000;

const usage = (message: string, cause?: unknown): Error =>
  errors.make('VIV_USAGE', message, cause === undefined ? {} : { cause });

const memorySize = (option: string, text: string): number => {
  const bytes = parseMemorySize(text);
  if (bytes === undefined) throw usage(`--${option} takes a size such as 256M or 1G, not '${text}'`);
  return bytes;
};

/** Of a reader that says what is wrong as text. */
const reading = <Argument extends object>(option: string, text: string, read: (text: string) => Argument | string) => {
  const argument = read(text);
  if (typeof argument === 'string') throw usage(`--${option} '${text}' ${argument}`);
  return argument;
};

const seconds = (text: string): number => {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(value > 0 && value <= LONGEST_TIMEOUT)) {
    throw usage(`--timeout takes a number of seconds up to ${LONGEST_TIMEOUT}, not '${text}'`);
  }
  return value;
};

const gdbAddress = (text: string): GdbAddress => {
  const address = parseGdbAddress(text);
  if (address === undefined) throw usage(`--gdb takes a port or HOST:PORT, not '${text}'`);
  return address;
};

/** `^]` and `^A` are control keys, `none` is no key. */
export const escapeKey = (text: string): number | undefined => {
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

const PACKAGE = /^[a-z0-9][a-z0-9+.-]+$/;

const imageRequest = (
  values: { readonly package?: readonly string[]; readonly size?: string },
  [output, ...rest]: readonly string[],
): ImageRequest => {
  if (output === undefined) throw usage('`viv image` makes a file or folder: name it');
  if (rest[0] !== undefined) throw usage(`'${rest[0]}' is one argument too many`);
  const packages = values.package ?? [];
  const odd = packages.find((name) => !PACKAGE.test(name));
  if (odd !== undefined) throw usage(`--package takes the name of a Debian package, not '${odd}'`);
  return {
    action: 'image',
    output,
    packages,
    size: values.size === undefined ? DEFAULT_DISK_SIZE : memorySize('size', values.size),
  };
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

/** What needs all vCPUs on one thread, if anything does. */
const oneThread = (values: ReturnType<typeof parse>['values'], profile: boolean): string | undefined => {
  if (values.clock === 'virtual') return '--clock virtual';
  if (profile) return 'viv profile';
  const option = (['trace', 'trace-devices', 'gdb', 'stats'] as const).find((name) => values[name] !== undefined);
  return option === undefined ? undefined : `--${option}`;
};

/** Reads the arguments after `viv`. Throws `VIV_USAGE`. */
export const parseCommandLine = (args: readonly string[]): Request => {
  const { values, positionals } = parse(args);
  if (values.help === true) return { action: 'help' };
  if (values.version === true) return { action: 'version' };
  const [command, guest, ...rest] = positionals;
  if (command === 'image') return imageRequest(values, positionals.slice(1));
  if (command !== undefined && command !== 'run' && command !== 'profile')
    throw usage(`there is no command '${command}'`);
  if (values.disasm !== undefined) return { action: 'disassemble', file: values.disasm };
  if (command === undefined) throw usage('no command is given');
  if (rest[0] !== undefined) throw usage(`'${rest[0]}' is one argument too many; quote a command that has spaces`);
  if (guest !== undefined && guest !== '-' && guest !== 'debian') throw usage(`there is no guest '${guest}'`);
  const cpus = wholeNumber('cpus', values.cpus ?? '1', 1, MAXIMUM_CPUS);
  const maxCpus =
    values['max-cpus'] === undefined ? cpus : wholeNumber('max-cpus', values['max-cpus'], cpus, MAXIMUM_CPUS);
  const alone = oneThread(values, command === 'profile');
  const threads = oneOf('threads', values.threads ?? 'auto', ['auto', 'on', 'off']);
  if (threads === 'on' && alone !== undefined) throw usage(`--threads on does not go with ${alone}`);
  const request: RunRequest = {
    action: 'run',
    guest: guest === 'debian' ? 'debian' : undefined,
    exec: values.exec,
    cpus,
    maxCpus,
    threads: threads === 'on' || (threads === 'auto' && maxCpus > 1 && alone === undefined),
    memory: values.memory === undefined ? DEFAULT_MEMORY : memorySize('memory', values.memory),
    kernel: values.kernel,
    initrd: values.initrd,
    append: values.append,
    bios: values.bios,
    root: values.root,
    disks: (values.disk ?? []).map((text) => reading('disk', text, parseDiskArgument)),
    networks: (values.net ?? []).map((text) => reading('net', text, parseNetArgument)),
    shares: (values.share ?? []).map((text) => reading('share', text, parseShareArgument)),
    vsock: values.vsock === undefined ? undefined : reading('vsock', values.vsock, parseVsockArgument),
    balloon:
      values.balloon === undefined ? undefined : values.balloon === '0' ? 0 : memorySize('balloon', values.balloon),
    slots: wholeNumber('slots', values.slots ?? '0', 0, MOST_SLOTS),
    writable: values.writable ?? [],
    rng: values.rng === true,
    bus: oneOf('bus', values.bus ?? 'mmio', ['mmio', 'pci']),
    interrupts: oneOf('interrupts', values.interrupts ?? 'plic', ['plic', 'aplic', 'aia']),
    plugins: (values.plugin ?? []).map(parsePluginArgument),
    clock: oneOf('clock', values.clock ?? 'real', ['real', 'virtual']),
    reboot: values['no-reboot'] !== true,
    timeout: values.timeout === undefined ? undefined : seconds(values.timeout),
    escape: values.escape === undefined ? DEFAULT_ESCAPE : escapeKey(values.escape),
    trace: values.trace,
    traceLimit: wholeNumber('trace-limit', values['trace-limit'] ?? `${DEFAULT_TRACE_LIMIT}`, 1, 1e12),
    traceDevices: values['trace-devices'],
    traceRate: wholeNumber('trace-rate', values['trace-rate'] ?? `${DEFAULT_TRACE_RATE}`, 1, 1e9),
    gdb: values.gdb === undefined ? undefined : { ...gdbAddress(values.gdb), wait: values['gdb-wait'] === true },
    profile:
      command === 'profile'
        ? { symbols: values.symbols ?? [], top: wholeNumber('top', values.top ?? `${DEFAULT_TOP}`, 1, 1e6) }
        : undefined,
    stats: values.stats === true,
    json: values.json === true,
    verbose: values.verbose === true,
  };
  if (request.profile === undefined && (values.symbols !== undefined || values.top !== undefined)) {
    throw usage('--symbols and --top are for `viv profile`');
  }
  if (values.package !== undefined || values.size !== undefined)
    throw usage('--package and --size are for `viv image`');
  if (request.gdb === undefined && values['gdb-wait'] === true) throw usage('--gdb-wait goes with --gdb');
  checkTogether(request);
  return request;
};

const checkTogether = ({ guest, exec, kernel, bios, initrd, root, cpus, maxCpus }: RunRequest): void => {
  if (bios !== undefined && maxCpus > cpus)
    throw usage('--max-cpus is for kernels; firmware of --bios starts all vCPUs');
  if (root !== undefined && guest === undefined) {
    throw usage('--root is for a guest; give other kernels a --disk or --share, and root= by --append');
  }
  if (initrd === NO_INITRD && exec !== undefined) throw usage('--exec needs an initial RAM disk');
  if (guest === undefined && kernel === undefined && bios === undefined) {
    throw usage('nothing to run: name a guest (debian), a --kernel or a --bios');
  }
  if (guest !== undefined && bios !== undefined) throw usage('--bios starts its own system; leave out the guest');
  if (kernel === undefined && initrd !== undefined && guest === undefined) throw usage('--initrd needs a --kernel');
  if (exec !== undefined && guest === undefined) {
    throw errors.make('VIV_EXEC_GUEST', '--exec needs a guest with an agent in it');
  }
};

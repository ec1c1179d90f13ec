/**
 * The machine of `viv run` as a recipe: its arguments, from which it is made where it is to run, in a worker or a
 * process.
 *
 * @example
 * import { runRecipe } from '@vivarium/cli/recipe';
 * import { createProcessCell } from '@vivarium/host/node';
 *
 * const { recipe, writable } = await runRecipe(['debian', '--memory', '512M']);
 * await using cell = await createProcessCell(recipe, { writable });
 * console.log((await cell.run()).kind);
 *
 * @module
 */
import { resolve } from 'node:path';
import type { VsockUnixSockets } from '@vivarium/board-virt/node';
import { CharPortToken } from '@vivarium/contracts';
import { prepareDebian } from '@vivarium/guest-debian';
import { type MachineMaker, type MachineParts, type MachineRecipe, writeLine } from '@vivarium/host';
import type { Machine } from '@vivarium/kernel';
import { placedDisk, placedNetwork, within } from './arguments/placed.ts';
import { NO_INITRD, parseCommandLine, type RunRequest } from './command-line.ts';
import { errors } from './errors.ts';
import { grantedTo } from './granted.ts';
import { debianHardware } from './hardware-agent.ts';
import { openHostParts } from './host-parts.ts';
import { pluggedDevice } from './plugged-device.ts';
import { Console, machineSpec } from './machine-spec.ts';
import { Notices } from './notices.ts';
import { loadPlugin } from './plugin-module.ts';
import { Progress, type ProgressReport } from './progress.ts';
import { withRoot } from './root.ts';
import { openVsockSockets } from './vsock-sockets.ts';

/** How {@link runRecipe} makes a recipe. */
export interface RunRecipeOptions {
  /** What relative paths are seen from. Default: the working folder. */
  readonly folder?: string;
  readonly signal?: AbortSignal;
  /** The guest gets a port to the control plane of its host, where it can have one. Default false. */
  readonly control?: boolean;
  /** The guest is prepared, which takes minutes the first time. */
  readonly onProgress?: (progress: ProgressReport) => void;
}

/** A recipe, and what its cell has to be allowed for it. */
export interface RunRecipe {
  readonly recipe: MachineRecipe;
  /** Files and folders that the machine writes to. */
  readonly writable: readonly string[];
  readonly onReboot: 'reset' | 'stop';
  /** Each vCPU has a thread of its own. */
  readonly threads: boolean;
  /** Consoles of the guest's agent that runs commands while the guest is up, where it has one. */
  readonly exec?: { readonly control: string; readonly output: string; readonly errors: string };
  /** Console of the guest's port to the control plane, where it has one. */
  readonly port?: string;
}

/** Options that are for whoever runs a machine, and not for the machine. */
const NOT_OF_A_MACHINE = ['timeout', 'trace', 'traceDevices', 'gdb', 'profile'] as const;

/** The request that `viv run` with these arguments is, with absolute paths. Throws `VIV_USAGE` and `VIV_RECIPE_OPTION`. */
const requestOf = (args: readonly string[], folder: string): RunRequest => {
  const request = parseCommandLine(['run', ...args]);
  if (request.action !== 'run') throw errors.make('VIV_USAGE', 'a recipe takes the arguments of `viv run`');
  const odd = NOT_OF_A_MACHINE.find((option) => request[option] !== undefined);
  if (odd !== undefined) {
    const option = odd.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw errors.make('VIV_RECIPE_OPTION', `--${option} is not for a machine in a cell`);
  }
  const placed = <Argument extends { readonly path: string }>(argument: Argument): Argument => ({
    ...argument,
    path: resolve(folder, argument.path),
  });
  return {
    ...request,
    kernel: within(folder, request.kernel),
    initrd: request.initrd === NO_INITRD ? NO_INITRD : within(folder, request.initrd),
    bios: within(folder, request.bios),
    // Options follow the path.
    root: request.root?.replace(/^[^,]+/, (path) => resolve(folder, path)),
    disks: request.disks.map((disk) => placedDisk(folder, disk)),
    networks: request.networks.map((network) => placedNetwork(folder, network)),
    shares: request.shares.map((share) => ({ ...placed(share), records: within(folder, share.records) })),
    vsock: request.vsock && placed(request.vsock),
    writable: request.writable.map((path) => resolve(folder, path)),
  };
};

/**
 * The recipe for the machine of `viv run` with these arguments (what follows `run`). Prepares the guest here and now: a
 * cell that starts no programs cannot. Throws what `viv run` would.
 */
export const runRecipe = async (args: readonly string[], options: RunRecipeOptions = {}): Promise<RunRecipe> => {
  const { folder = process.cwd(), signal, control = false, onProgress = () => {} } = options;
  const request = requestOf(args, folder);
  const { disks, shares, networks } = withRoot(request).request;
  const port = control && request.guest !== undefined;
  const images: string[] = [];
  if (request.guest !== undefined && (request.kernel === undefined || request.initrd === undefined)) {
    const prepared = await prepareDebian({ onProgress, ...(signal === undefined ? {} : { signal }) });
    if (request.kernel === undefined) images.push('--kernel', prepared.kernel);
    if (request.initrd === undefined) images.push('--initrd', prepared.initrd);
  }
  return {
    recipe: {
      module: import.meta.url,
      export: 'machine',
      options: { arguments: [...args, ...images], folder, ...(port ? { control: true } : {}) },
    },
    writable: [
      ...disks.filter(({ readOnly, temporary }) => !readOnly && !temporary).map(({ path }) => path),
      ...shares.filter(({ readOnly }) => !readOnly).flatMap(({ path, records }) => [path, records ?? []].flat()),
      ...networks.flatMap(({ pcap }) => pcap ?? []),
      ...(request.vsock === undefined ? [] : [request.vsock.path]),
      ...request.writable,
    ],
    onReboot: request.reboot ? 'reset' : 'stop',
    threads: request.threads,
    ...(port ? { port: Console.control } : {}),
    ...(listens(request) ? { exec: { control: Console.agent, output: Console.output, errors: Console.errors } } : {}),
  };
};

/** In exec mode the agent speaks and does not listen. */
const listens = ({ guest, exec }: RunRequest): boolean => guest !== undefined && exec === undefined;

/** The words of a recipe. */
interface RecipeWords {
  readonly args: readonly string[];
  readonly folder: string;
  /** The guest has a port to the control plane. */
  readonly control: boolean;
}

/** What {@link runRecipe} wrote, or somebody else. */
export const parseRecipeOptions = (options: unknown): RecipeWords => {
  const { arguments: args, folder, control = false } = (options ?? {}) as Readonly<Record<string, unknown>>;
  const isText = (value: unknown): value is string => typeof value === 'string';
  if (!Array.isArray(args) || !args.every(isText) || !isText(folder) || typeof control !== 'boolean') {
    throw errors.make('VIV_USAGE', 'the recipe takes { arguments: ["…"], folder: "…" }');
  }
  return { args, folder, control };
};

/** Lines of the guest's agent; a guest without one has no such console. */
const tellAgent = (machine: Machine, line: string): void => {
  const port = machine.maybe(CharPortToken, Console.agent);
  if (port !== undefined) writeLine(port, line);
};

/** The recipe's maker. */
export const machine: MachineMaker = async (options): Promise<MachineParts> => {
  const { args, folder, control } = parseRecipeOptions(options);
  const { request, root } = withRoot(requestOf(args, folder));
  const load = (specifier: string): Promise<unknown> => loadPlugin(specifier, folder);
  const silent = { write: () => true };
  const host = await openHostParts(request);
  let sockets: VsockUnixSockets | undefined;
  try {
    const never = new AbortController().signal;
    const commands = listens(request);
    const spec = await machineSpec(request, { host, root, load, commands, control }, new Progress(silent), never);
    return {
      spec,
      assemble: { load, policy: grantedTo(request) },
      ready: async (made) => {
        sockets = await openVsockSockets(request, made, new Notices(silent.write));
      },
      device: (described, place) => pluggedDevice(described, place, folder),
      ...(commands
        ? {
            hardware: debianHardware,
            powerOff: (made) => tellAgent(made, 'poweroff'),
            resize: (made, console, columns, rows) => {
              if (console === Console.terminal) tellAgent(made, `resize ${columns} ${rows}`);
            },
          }
        : {}),
      close: async () => {
        await sockets?.close();
        await host[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await host[Symbol.asyncDispose]();
    throw error;
  }
};

import { pipeConsole, quietPipe, virtBoard } from '@vivarium/board-virt';
import { type AnyToken, type MachineSpec, type PartSpec, VirtioDeviceToken } from '@vivarium/contracts';
import { CONTROL_PORT, type GuestRoot } from '@vivarium/guest-debian';
import type { PluginArgument } from './arguments/plugin-argument.ts';
import { bootOf } from './boot.ts';
import type { RunRequest } from './command-line.ts';
import type { HostParts } from './host-parts.ts';
import type { Progress } from './progress.ts';

/** Ids of the character backends behind the serial ports, first port first. */
export const Console = {
  terminal: 'console0',
  /** Text lines to and from the guest's agent. */
  agent: 'console1',
  /** Standard output and error of the command in exec mode. */
  output: 'console2',
  errors: 'console3',
  /** Requests of the guest to the host's control plane: a port of the virtio console. */
  control: 'control0',
} as const;

const consolesOf = ({ guest, exec }: RunRequest, commands: boolean): readonly PartSpec[] => {
  const { terminal, agent, output, errors } = Console;
  if (guest === undefined) return [pipeConsole(terminal)];
  return [terminal, agent, ...(exec !== undefined || commands ? [output, errors] : [])].map(pipeConsole);
};

/** A part for each `--plugin`, named after the last word of its specifier. */
const pluginParts = (plugins: readonly PluginArgument[]): readonly PartSpec[] =>
  plugins.map(({ specifier, options }, index) => {
    const words = specifier.replace(/\.[cm]?[jt]s$/, '').match(/[A-Za-z0-9_-]+/g);
    const id = `${(words?.at(-1) ?? 'plugin').slice(0, 48)}.${index}`;
    return { id, plugin: specifier, ...(options === undefined ? {} : { options }) };
  });

/** The definition that a plugin's module exports, as far as it says what it provides. */
const providesOf = (module: unknown): readonly AnyToken[] => {
  const { default: main, plugin = main } = module as { readonly default?: unknown; readonly plugin?: unknown };
  return (plugin as { readonly provides?: readonly AnyToken[] } | undefined)?.provides ?? [];
};

/** The parts of `--plugin`: virtio devices get a place on the virtio bus, anything else is as it is. */
const sortedParts = async (plugins: readonly PluginArgument[], load: LoadPlugin) => {
  const parts = await Promise.all(
    pluginParts(plugins).map(async (part, index) => {
      // A module that fails here fails at assembly, too, where the error names the part.
      const module = await load(plugins[index]?.specifier ?? '').catch(() => undefined);
      return { part, virtio: module !== undefined && providesOf(module).some(({ id }) => id === VirtioDeviceToken.id) };
    }),
  );
  return {
    devices: parts.filter(({ virtio }) => !virtio).map(({ part }) => part),
    virtio: parts.filter(({ virtio }) => virtio).map(({ part }) => part),
  };
};

/** Imports the module that a specifier means. */
export type LoadPlugin = (specifier: string) => Promise<unknown>;

/** What a machine is made with, beside the request. */
export interface MachineParts {
  readonly host: HostParts;
  /** The guest's root file system, when it is on one of its devices. */
  readonly root: GuestRoot | undefined;
  readonly load: LoadPlugin;
  /** The guest has ports for commands while it is up. Default false. */
  readonly commands?: boolean;
  /** The guest has a port to the control plane of its host. Default false. */
  readonly control?: boolean;
}

/** The machine that a request describes, as data. Reads the images, and prepares the guest when it has to. */
export const machineSpec = async (
  request: RunRequest,
  { host, root, load, commands = false, control = false }: MachineParts,
  progress: Progress,
  signal: AbortSignal,
): Promise<MachineSpec> =>
  virtBoard({
    memory: request.memory,
    cpus: request.cpus,
    maxCpus: request.maxCpus,
    threads: request.threads,
    interrupts: request.interrupts,
    clock: request.clock,
    core: { statistics: request.stats },
    boot: await bootOf(request, root, progress, signal),
    consoles: consolesOf(request, commands),
    disks: host.disks,
    networks: host.networks,
    shares: host.shares,
    ...(request.balloon === undefined ? {} : { balloon: { target: request.balloon } }),
    ...(request.vsock === undefined ? {} : { vsock: { guestCid: request.vsock.cid } }),
    ...(request.rng ? { rng: {} } : {}),
    ...(control ? { ports: [{ name: CONTROL_PORT, backend: quietPipe(Console.control) }] } : {}),
    virtioBus: request.bus,
    slots: request.slots,
    ...(await sortedParts(request.plugins, load)),
  });

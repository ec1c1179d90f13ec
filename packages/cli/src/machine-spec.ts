import { pipeConsole, virtBoard, type VirtBoot, type VirtDisk } from '@vivarium/board-virt';
import { type AnyToken, type BootImage, type MachineSpec, type PartSpec, VirtioDeviceToken } from '@vivarium/contracts';
import { commandLine, execOverlay, prepareDebian } from '@vivarium/guest-debian';
import type { RunRequest } from './command-line.ts';
import { readImage } from './image-file.ts';
import type { PluginArgument } from './plugin-argument.ts';
import type { Progress } from './progress.ts';

/** Ids of the character backends behind the serial ports, first port first. */
export const Console = {
  terminal: 'console0',
  /** Text lines to and from the guest's agent. */
  agent: 'console1',
  /** Standard output and error of the command in exec mode. */
  output: 'console2',
  errors: 'console3',
} as const;

const consolesOf = ({ guest, exec }: RunRequest): readonly PartSpec[] => {
  const { terminal, agent, output, errors } = Console;
  const ids =
    guest === undefined ? [terminal] : exec === undefined ? [terminal, agent] : [terminal, agent, output, errors];
  return ids.map(pipeConsole);
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

/** Archives of an initrd follow each other at multiples of four bytes (Linux, early-userspace/buffer-format.rst). */
const joinArchives = (first: BootImage, second: Uint8Array): BootImage => {
  const start = Math.ceil(first.bytes.length / 4) * 4;
  const bytes = new Uint8Array(start + second.length);
  bytes.set(first.bytes);
  bytes.set(second, start);
  return { name: first.name, bytes };
};

interface LinuxImages {
  readonly kernel: BootImage;
  readonly initrd?: BootImage;
}

const optionalImage = async (option: string, path: string | undefined): Promise<BootImage | undefined> =>
  path === undefined ? undefined : readImage(option, path);

/** Debian's images, or those given in their place; nothing is prepared when both are given. */
const debianImages = async (request: RunRequest, progress: Progress, signal: AbortSignal): Promise<LinuxImages> => {
  const kernel = await optionalImage('--kernel', request.kernel);
  const initrd = await optionalImage('--initrd', request.initrd);
  if (kernel !== undefined && initrd !== undefined) return { kernel, initrd };
  try {
    const prepared = await prepareDebian({
      signal,
      onProgress: ({ step, message, ...report }) => {
        if (step === 'ready') return; // the machine starts now, which tells as much
        const { done = 0, total = 0 } = report as { readonly done?: number; readonly total?: number };
        progress.update(message, total > 0 ? done / total : undefined);
      },
    });
    return {
      kernel: kernel ?? (await readImage('debian kernel', prepared.kernel)),
      initrd: initrd ?? (await readImage('debian initrd', prepared.initrd)),
    };
  } finally {
    progress.done();
  }
};

const joinWords = (...words: readonly (string | undefined)[]): string =>
  words.filter((word) => word !== undefined && word !== '').join(' ');

const bootOf = async (request: RunRequest, progress: Progress, signal: AbortSignal): Promise<VirtBoot> => {
  const { guest, exec, append, bios } = request;
  if (guest !== undefined) {
    const { kernel, initrd } = await debianImages(request, progress, signal);
    const overlaid = initrd === undefined || exec === undefined ? initrd : joinArchives(initrd, execOverlay(exec));
    return {
      kind: 'kernel',
      kernel,
      ...(overlaid === undefined ? {} : { initrd: overlaid }),
      commandLine: joinWords(commandLine({ interactive: exec === undefined }), append),
    };
  }
  const kernel = await optionalImage('--kernel', request.kernel);
  const initrd = await optionalImage('--initrd', request.initrd);
  const rest = {
    ...(initrd === undefined ? {} : { initrd }),
    ...(append === undefined ? {} : { commandLine: append }),
  };
  if (bios === undefined && kernel !== undefined) return { kind: 'kernel', kernel, ...rest };
  const image = await readImage('--bios', bios ?? '');
  return { kind: 'bios', bios: image, ...(kernel === undefined ? {} : { kernel }), ...rest };
};

/** Imports the module that a specifier means. */
export type LoadPlugin = (specifier: string) => Promise<unknown>;

/** What a machine is made with, beside the request. */
export interface MachineParts {
  readonly disks: readonly VirtDisk[];
  readonly load: LoadPlugin;
}

/** The machine that a request describes, as data. Reads the images, and prepares the guest when it has to. */
export const machineSpec = async (
  request: RunRequest,
  { disks, load }: MachineParts,
  progress: Progress,
  signal: AbortSignal,
): Promise<MachineSpec> =>
  virtBoard({
    memory: request.memory,
    cpus: request.cpus,
    interrupts: request.interrupts,
    clock: request.clock,
    core: { statistics: request.stats },
    boot: await bootOf(request, progress, signal),
    consoles: consolesOf(request),
    disks,
    virtioBus: request.bus,
    ...(await sortedParts(request.plugins, load)),
  });

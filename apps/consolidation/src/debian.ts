import { readFile } from 'node:fs/promises';
import { pipeConsole, virtBoard } from '@vivarium/board-virt';
import type { MachineSpec } from '@vivarium/contracts';
import { commandLine, execOverlay } from '@vivarium/guest-debian';

/** What a guest is made of; as data, because it is made where it runs. */
export interface DebianOptions {
  /** Files of `prepareDebian`. */
  readonly kernel: string;
  readonly initrd: string;
  /** Runs as `sh -c`; the guest powers off when it ends. */
  readonly command: string;
  /** MiB. */
  readonly memory: number;
  /** Whether it has a memory balloon. */
  readonly balloon?: boolean;
}

/** Part id of the console that the command's output goes to. */
export const OUTPUT = 'console2';

/** The recipe: Debian that runs a command. */
export default async (options: unknown, { name }: { readonly name: string }): Promise<MachineSpec> => {
  const { kernel, initrd, command, memory, balloon } = options as DebianOptions;
  return virtBoard({
    name,
    memory: memory * 1024 * 1024,
    boot: {
      kind: 'kernel',
      kernel: { name: 'kernel', bytes: await readFile(kernel) },
      initrd: { name: 'initrd', bytes: Buffer.concat([await readFile(initrd), execOverlay(command)]) },
      commandLine: commandLine({ interactive: false }),
    },
    ...(balloon === true ? { balloon: {} } : {}),
    consoles: ['console0', 'console1', OUTPUT, 'console3'].map(pipeConsole),
  });
};

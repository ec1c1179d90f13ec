import { readFile } from 'node:fs/promises';
import { pipeConsole, virtBoard } from '@vivarium/board-virt';
import { CharPortToken } from '@vivarium/contracts';
import { commandLine, execOverlay, prepareDebian } from '@vivarium/guest-debian';
import { createInlineCell, type HostThread, type Lease } from '@vivarium/host';
import { assemble } from '@vivarium/kernel';

const MIB = 1024 * 1024;

/** Debian on this thread, which runs a command when it is granted a pCPU. */
export const debianGuest = async (name: string, command: string, thread: HostThread) => {
  const debian = await prepareDebian();
  const spec = virtBoard({
    name,
    memory: 128 * MIB,
    boot: {
      kind: 'kernel',
      kernel: { name: 'kernel', bytes: await readFile(debian.kernel) },
      initrd: { name: 'initrd', bytes: Buffer.concat([await readFile(debian.initrd), execOverlay(command)]) },
      commandLine: commandLine({ interactive: false }),
    },
    consoles: ['console0', 'console1', 'console2', 'console3'].map(pipeConsole),
  });
  const machine = await assemble(spec);
  const cell = createInlineCell(machine, { leased: thread, onReboot: 'stop' });
  if (cell.lease === undefined) throw new Error('a leased cell has a lease');
  const decoder = new TextDecoder();
  let output = '';
  let told: () => void = () => {};
  machine.get(CharPortToken, 'console2').onOutput((bytes) => {
    output += decoder.decode(bytes, { stream: true });
    told();
  });
  /** Resolves when the command has printed this line. */
  const line = async (text: string): Promise<void> => {
    while (!output.split('\n').slice(0, -1).includes(text)) {
      await new Promise<void>((resolve) => {
        told = resolve;
      });
    }
  };
  const lease: Lease = cell.lease;
  return { cell, lease, line, output: () => output };
};

/**
 * Debian with virtio devices, a command in it, and the machine in a test's hands while it runs.
 *
 * @module
 */
import { readFile } from 'node:fs/promises';
import { pipeConsole, virtBoard } from '@vivarium/board-virt';
import { CharPortToken, type PartSpec } from '@vivarium/contracts';
import { commandLine, execOverlay, prepareDebian } from '@vivarium/guest-debian';
import { createInlineCell } from '@vivarium/host';
import { assemble, type Machine } from '@vivarium/kernel';

export interface DebianOptions {
  /** Runs as `sh -c`; the machine powers off when it ends. */
  readonly command: string;
  readonly virtio: readonly PartSpec[];
  readonly devices?: readonly PartSpec[];
  readonly bus?: 'mmio' | 'pci';
  /** Bytes; default 256 MiB. */
  readonly memory?: number;
  /** A further archive for the guest's root file system. */
  readonly overlay?: Uint8Array;
}

/** A guest that runs. */
export interface RunningDebian {
  readonly machine: Machine;
  /** Standard output of the command so far. */
  readonly output: string;
  /** Resolves when the command has printed this line; rejects when the machine ends before. */
  line(text: string): Promise<void>;
  /** Resolves with the whole output when the machine has ended. */
  readonly ended: Promise<string>;
  /** Pulls the plug. */
  stop(): Promise<void>;
}

const CONSOLES = ['console0', 'console1', 'console2', 'console3'];
const LOG = 'console0';
const OUTPUT = 'console2';

/** Boots, gives `body` the machine, and returns what the command printed once both are done. */
export const withDebian = async (
  options: DebianOptions,
  body: (guest: RunningDebian) => Promise<void> = async () => {},
): Promise<string> => {
  const debian = await prepareDebian();
  const initrd = [await readFile(debian.initrd), options.overlay, execOverlay(options.command)];
  const spec = virtBoard({
    memory: options.memory ?? 256 * 1024 * 1024,
    boot: {
      kind: 'kernel',
      kernel: { name: 'kernel', bytes: await readFile(debian.kernel) },
      initrd: { name: 'initrd', bytes: Buffer.concat(initrd.filter((each) => each !== undefined)) },
      commandLine: commandLine({ interactive: false }),
    },
    consoles: CONSOLES.map(pipeConsole),
    devices: options.devices ?? [],
    virtio: options.virtio,
    virtioBus: options.bus ?? 'mmio',
  });
  await using machine = await assemble(spec);
  await using cell = createInlineCell(machine, { onReboot: 'stop' });
  const log = collect(machine, LOG);
  const output = collect(machine, OUTPUT);
  const waiting = new Set<{
    readonly text: string;
    readonly done: () => void;
    readonly failed: (error: Error) => void;
  }>();
  output.changed = () => {
    for (const each of waiting) if (output.lines().includes(each.text)) each.done();
  };
  const ended = cell.run().then(() => {
    for (const { text, failed } of waiting) {
      failed(new Error(`the guest ended before it printed "${text}":\n${output.text}\n${log.text}`));
    }
    return output.text;
  });
  const line = (text: string): Promise<void> =>
    new Promise((done, failed) => {
      waiting.add({ text, done, failed });
      output.changed();
    });
  const guest: RunningDebian = {
    machine,
    get output() {
      return output.text;
    },
    line,
    ended,
    stop: () => cell.stop(),
  };
  await Promise.all([body(guest), ended]);
  return await ended;
};

const collect = (machine: Machine, console: string) => {
  const decoder = new TextDecoder();
  const collected = {
    text: '',
    lines: () => collected.text.split('\n').slice(0, -1),
    changed: () => {},
  };
  machine.get(CharPortToken, console).onOutput((bytes) => {
    collected.text += decoder.decode(bytes, { stream: true });
    collected.changed();
  });
  return collected;
};

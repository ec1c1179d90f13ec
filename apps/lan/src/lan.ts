/**
 * Several Debian guests in one process, on one Ethernet switch: each runs a command and powers off.
 *
 * @module
 */
import { readFile } from 'node:fs/promises';
import { pipeConsole, virtBoard } from '@vivarium/board-virt';
import { CharPortToken, NetBackendToken } from '@vivarium/contracts';
import { commandLine, execOverlay, prepareDebian } from '@vivarium/guest-debian';
import { createInlineCell } from '@vivarium/host';
import { assemble } from '@vivarium/kernel';
import { createSwitch, type EthernetSwitch, switchPort } from '@vivarium/net-switch';
import { virtioNet } from '@vivarium/virtio-net';

/** A guest on the switch. */
export interface LanGuest {
  readonly name: string;
  /** Runs as `sh -c`; the network card is `eth0`, without an address. */
  readonly command: string;
  /** Default 1. */
  readonly vlan?: number;
  /** It serves the others, and is stopped when all of them have ended. */
  readonly serves?: boolean;
}

/** What a guest's command printed. */
export interface LanResult {
  readonly name: string;
  readonly output: string;
}

const CONSOLES = ['console0', 'console1', 'console2', 'console3'];
const OUTPUT = 'console2';

interface Images {
  readonly kernel: Uint8Array;
  readonly initrd: Uint8Array;
}

const runGuest = async (
  guest: LanGuest,
  index: number,
  lan: EthernetSwitch,
  images: Images,
  until?: Promise<unknown>,
): Promise<LanResult> => {
  const port = lan.port({ name: guest.name, ...(guest.vlan === undefined ? {} : { vlan: guest.vlan }) });
  const spec = virtBoard({
    name: guest.name,
    memory: 128 * 1024 * 1024,
    boot: {
      kind: 'kernel',
      kernel: { name: 'kernel', bytes: images.kernel },
      initrd: { name: 'initrd', bytes: Buffer.concat([images.initrd, execOverlay(guest.command)]) },
      commandLine: commandLine({ interactive: false }),
    },
    consoles: CONSOLES.map(pipeConsole),
    devices: [{ id: 'port', plugin: switchPort, options: { port } }],
    virtio: [
      {
        id: 'net0',
        plugin: virtioNet,
        options: { mac: `02:00:00:00:00:0${index + 1}` },
        use: { [NetBackendToken.name]: 'port' },
      },
    ],
  });
  await using machine = await assemble(spec);
  await using cell = createInlineCell(machine, { onReboot: 'stop' });
  const decoder = new TextDecoder();
  let output = '';
  machine.get(CharPortToken, OUTPUT).onOutput((bytes) => {
    output += decoder.decode(bytes, { stream: true });
  });
  await Promise.all([cell.run(), until?.then(async () => cell.stop())]);
  return { name: guest.name, output };
};

/** Runs up to nine guests at once, each to its end. */
export const runLan = async (guests: readonly LanGuest[]): Promise<readonly LanResult[]> => {
  const debian = await prepareDebian();
  const images = { kernel: await readFile(debian.kernel), initrd: await readFile(debian.initrd) };
  const lan = createSwitch();
  const others = guests.map((guest, index) => (guest.serves ? undefined : runGuest(guest, index, lan, images)));
  const ended = Promise.allSettled(others.filter((run) => run !== undefined));
  return Promise.all(guests.map(async (guest, index) => others[index] ?? runGuest(guest, index, lan, images, ended)));
};

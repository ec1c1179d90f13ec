import { closeSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, relative, resolve, sep } from 'node:path';
import {
  hostDirectory,
  type OpenBacking,
  userNetwork,
  type VirtDisk,
  type VirtNetwork,
  type VirtShare,
} from '@vivarium/board-virt';
import { nodeHostNetwork, openHostDirectory, openJournalFile } from '@vivarium/board-virt/node';
import type { HostFile } from '@vivarium/contracts';
import { openHostFile } from '@vivarium/host-file/node';
import type { DiskArgument } from './arguments/disk-argument.ts';
import type { NetArgument } from './arguments/net-argument.ts';
import type { ShareArgument } from './arguments/share-argument.ts';
import { errors } from './errors.ts';
import { openOutput } from './output-file.ts';

/** What a run asks of the host for its devices. */
export interface HostPartsRequest {
  readonly disks: readonly DiskArgument[];
  readonly networks: readonly NetArgument[];
  readonly shares: readonly ShareArgument[];
}

/** Files, directories and networks of the host for one run; what is open closes with it, after the machine. */
export interface HostParts extends Disposable {
  readonly disks: readonly VirtDisk[];
  readonly networks: readonly VirtNetwork[];
  readonly shares: readonly VirtShare[];
}

/** Opens what the arguments name. Throws coded errors, and leaves nothing open then. */
export const openHostParts = ({ disks, networks, shares }: HostPartsRequest): HostParts => {
  const open: (() => void)[] = [];
  const close = (): void => {
    for (const each of open.splice(0).reverse()) each();
  };
  try {
    return {
      disks: disks.map((disk) => openDisk(disk, open)),
      networks: networks.map((network) => openNetwork(network, open)),
      shares: shares.map((share) => openShare(share, open)),
      [Symbol.dispose]: close,
    };
  } catch (error) {
    close();
    throw error;
  }
};

/** The first bytes of a QCOW2 image. */
const QCOW2 = [0x51, 0x46, 0x49, 0xfb];

const isQcow2 = (file: HostFile): boolean => {
  const start = new Uint8Array(QCOW2.length);
  return (
    file.size >= start.length && file.read(0, start) === start.length && QCOW2.every((byte, at) => start[at] === byte)
  );
};

const openDisk = (argument: DiskArgument, open: (() => void)[]): VirtDisk => {
  const { path, format, formatByName, readOnly, temporary, serial } = argument;
  const file = openHostFile(path, { readOnly: readOnly || temporary });
  open.push(() => file.close());
  if (formatByName && format === 'raw' && isQcow2(file)) {
    throw errors.make('VIV_DISK_FORMAT', `--disk: '${path}' looks like a QCOW2 image, and its name does not say so`);
  }
  return {
    file,
    format,
    readOnly,
    temporary,
    ...(format === 'qcow2' ? { openBacking: backingIn(argument) } : {}),
    ...(serial === undefined ? {} : { serial }),
  };
};

/** Opens what an image is based on, inside of one folder: an image from somewhere else may name any file of the host. */
const backingIn = ({ path, backing }: DiskArgument): OpenBacking => {
  const folder = realpathSync(backing ?? dirname(path));
  return ({ name, from }) => {
    const file = resolve(dirname(from), name);
    const within = relative(folder, realpathSync(file));
    if (within === '..' || within.startsWith(`..${sep}`) || resolve(within) === within) {
      throw errors.make('VIV_DISK_BACKING', `'${from}' is based on '${name}', which is outside of '${folder}'`, {
        details: { image: from, backing: file, folder },
      });
    }
    return openHostFile(file, { readOnly: true });
  };
};

const openNetwork = ({ mac, ping, dns, pcap, nat }: NetArgument, open: (() => void)[]): VirtNetwork => ({
  backend: userNetwork({
    ...nat,
    host: nodeHostNetwork({ ping: ping ? 'command' : 'none', ...(dns.length === 0 ? {} : { dnsServers: dns }) }),
  }),
  ...(mac === undefined ? {} : { mac }),
  ...(pcap === undefined ? {} : { capture: openCapture(pcap, open) }),
});

const openCapture = (path: string, open: (() => void)[]): ((bytes: Uint8Array) => void) => {
  const file = openOutput('--net', path);
  open.push(() => closeSync(file));
  return (bytes) => writeFileSync(file, bytes);
};

const openShare = (argument: ShareArgument, open: (() => void)[]): VirtShare => {
  const { path, tag, readOnly, protocol, cache, records } = argument;
  const tree = openHostDirectory(path, { readOnly });
  open.push(() => tree.dispose());
  const journal = records === undefined ? undefined : openJournalFile(records, { readOnly });
  if (journal !== undefined) open.push(() => journal.close());
  return {
    tag,
    protocol,
    backend: hostDirectory({ tree, readOnly, ...(journal === undefined ? {} : { journal }) }),
    options: protocol === 'virtiofs' ? { cache } : {},
  };
};

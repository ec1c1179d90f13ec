import { closeSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, relative, resolve, sep } from 'node:path';
import {
  type Backend,
  datagramNetwork,
  hasQcow2Magic,
  hostDirectory,
  type OpenBacking,
  userNetwork,
  type VirtDisk,
  type VirtNetwork,
  type VirtShare,
} from '@vivarium/board-virt';
import {
  nodeHostNetwork,
  openHostDirectory,
  openJournalFile,
  openTapLink,
  openUdpLink,
} from '@vivarium/board-virt/node';
import type { HostFile } from '@vivarium/contracts';
import { openHostFile } from '@vivarium/host-file/node';
import type { DiskArgument } from './arguments/disk-argument.ts';
import type { NetArgument, NetKind } from './arguments/net-argument.ts';
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
export interface HostParts extends AsyncDisposable {
  readonly disks: readonly VirtDisk[];
  readonly networks: readonly VirtNetwork[];
  readonly shares: readonly VirtShare[];
}

/** Closes something that was opened. */
type Close = () => void | Promise<void>;

/** Opens what the arguments name. Rejects with coded errors, and leaves nothing open then. */
export const openHostParts = async ({ disks, networks, shares }: HostPartsRequest): Promise<HostParts> => {
  const open: Close[] = [];
  const close = async (): Promise<void> => {
    for (const each of open.splice(0).reverse()) await each();
  };
  try {
    const cards: VirtNetwork[] = [];
    for (const network of networks) cards.push(await openNetwork(network, open));
    return {
      disks: disks.map((disk) => openDisk(disk, open)),
      networks: cards,
      shares: shares.map((share) => openShare(share, open)),
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};

const looksLikeQcow2 = (file: HostFile): boolean => {
  const start = new Uint8Array(4);
  return hasQcow2Magic(start.subarray(0, file.read(0, start)));
};

const openDisk = (argument: DiskArgument, open: Close[]): VirtDisk => {
  const { path, format, formatByName, readOnly, temporary, serial } = argument;
  const file = openHostFile(path, { readOnly: readOnly || temporary });
  open.push(() => file.close());
  if (formatByName && format === 'raw' && looksLikeQcow2(file)) {
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

const openNetwork = async (network: NetArgument, open: Close[]): Promise<VirtNetwork> => {
  const { mac, pcap } = network;
  return {
    backend: await openBackend(network, open),
    ...(mac === undefined ? {} : { mac }),
    ...(pcap === undefined ? {} : { capture: openCapture(pcap, open) }),
  };
};

const openBackend = async (network: NetKind, open: Close[]): Promise<Backend> => {
  if (network.kind === 'user') {
    const { nat, ping, dns } = network;
    const host = nodeHostNetwork({ ping: ping ? 'command' : 'none', ...(dns.length === 0 ? {} : { dnsServers: dns }) });
    return userNetwork({ ...nat, host });
  }
  const link = network.kind === 'tap' ? await openTapLink(network) : await openUdpLink(network);
  open.push(() => link.close());
  return datagramNetwork({ link });
};

const openCapture = (path: string, open: Close[]): ((bytes: Uint8Array) => void) => {
  const file = openOutput('--net', path);
  open.push(() => closeSync(file));
  return (bytes) => writeFileSync(file, bytes);
};

const openShare = (argument: ShareArgument, open: Close[]): VirtShare => {
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

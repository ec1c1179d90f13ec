import type { VirtBoardOptions } from '@vivarium/board-virt';
import { BlockBackendToken, NetBackendToken, type PartSpec } from '@vivarium/contracts';
import { netCable } from '@vivarium/net-cable';
import { storageHttp } from '@vivarium/storage-http';
import { storageOverlay } from '@vivarium/storage-overlay';
import { virtioBlk } from '@vivarium/virtio-blk';
import { virtioNet } from '@vivarium/virtio-net';
import type { BootRequest, NetworkSeat, ServedDisk } from '../protocol.ts';

/** Most bytes that a guest can write to its disk: they are kept in the tab's memory. */
const OVERLAY_LIMIT = 256 * 1024 * 1024;

/** What was fetched of a disk. */
export interface Fetched {
  readonly requests: number;
  readonly bytes: number;
}

type Parts = Required<Pick<VirtBoardOptions, 'devices' | 'virtio'>>;

/** The platform's `fetch`, which tells what came in all. */
const countedFetch = (told: (fetched: Fetched) => void): typeof fetch => {
  let requests = 0;
  let bytes = 0;
  return async (input, init) => {
    const response = await fetch(input, init);
    requests += 1;
    bytes += Number(response.headers.get('content-length') ?? 0);
    told({ requests, bytes });
    return response;
  };
};

const on = (token: { readonly name: string }, part: string): Pick<PartSpec, 'use'> => ({ use: { [token.name]: part } });

const networkParts = ({ channel, mac }: NetworkSeat): Parts => ({
  devices: [{ id: 'cable', plugin: netCable, options: { channel } }],
  virtio: [{ id: 'net0', plugin: virtioNet, options: { mac }, ...on(NetBackendToken, 'cable') }],
});

const diskParts = ({ path }: ServedDisk, told: (fetched: Fetched) => void): Parts => ({
  devices: [
    {
      id: 'image',
      plugin: storageHttp,
      options: { url: new URL(path, globalThis.location.origin).href, fetch: countedFetch(told) },
    },
    { id: 'scratch', plugin: storageOverlay, options: { limit: OVERLAY_LIMIT }, ...on(BlockBackendToken, 'image') },
  ],
  virtio: [
    {
      id: 'disk0',
      plugin: virtioBlk,
      options: { readOnly: true, serial: 'served' },
      ...on(BlockBackendToken, 'image'),
    },
    { id: 'disk1', plugin: virtioBlk, options: { serial: 'scratch' }, ...on(BlockBackendToken, 'scratch') },
  ],
});

/** The parts of what a machine has besides its serial ports. */
export const equipment = ({ network, disk }: BootRequest, told: (fetched: Fetched) => void): Parts => {
  const all = [...(network ? [networkParts(network)] : []), ...(disk ? [diskParts(disk, told)] : [])];
  return { devices: all.flatMap(({ devices }) => devices), virtio: all.flatMap(({ virtio }) => virtio) };
};

import { pluggedDisk, pluggedNetwork } from '@vivarium/board-virt';
import type { DevicePlace, MachineDevice } from '@vivarium/host';
import { type DiskArgument, parseDiskArgument } from './arguments/disk-argument.ts';
import { type NetArgument, parseNetArgument } from './arguments/net-argument.ts';
import { placedDisk, placedNetwork } from './arguments/placed.ts';
import { errors } from './errors.ts';
import { openHostParts } from './host-parts.ts';

const refuse = (problem: string): Error => errors.make('VIV_DEVICE_DESCRIPTION', `the device ${problem}`);

/** Of a reader that says what is wrong as text. */
const read = <Argument extends object>(text: string, reader: (text: string) => Argument | string): Argument => {
  const argument = reader(text);
  if (typeof argument === 'string') throw refuse(`'${text}' ${argument}`);
  return argument;
};

interface Described {
  readonly disks: readonly DiskArgument[];
  readonly networks: readonly NetArgument[];
}

/** What a device is, whoever says so: `{ disk: "…" }` as in `--disk`, or `{ net: "…" }` as in `--net`. */
const parse = (options: unknown): Described => {
  const entries: readonly (readonly [string, unknown])[] =
    typeof options === 'object' && options !== null ? Object.entries(options) : [];
  const [kind, text] = entries[0] ?? [];
  if (entries.length === 1 && typeof text === 'string') {
    if (kind === 'disk') return { disks: [read(text, parseDiskArgument)], networks: [] };
    if (kind === 'net') return { disks: [], networks: [read(text, parseNetArgument)] };
  }
  throw refuse('is neither { disk: "…" }, as in --disk, nor { net: "…" }, as in --net');
};

/** A disk or card for a hot-plug slot of a machine of `viv run`. Paths are seen from `folder`. */
export const pluggedDevice = async (options: unknown, place: DevicePlace, folder: string): Promise<MachineDevice> => {
  const { disks, networks } = parse(options);
  const host = await openHostParts({
    disks: disks.map((disk) => placedDisk(folder, disk)),
    networks: networks.map((network) => placedNetwork(folder, network)),
    shares: [],
  });
  return {
    parts: [
      ...host.disks.flatMap((disk) => pluggedDisk(disk, place)),
      ...host.networks.flatMap((network) => pluggedNetwork(network, place)),
    ],
    close: async () => host[Symbol.asyncDispose](),
  };
};

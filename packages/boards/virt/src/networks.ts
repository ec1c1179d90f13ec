import { NetBackendToken } from '@vivarium/contracts';
import { nat, type NatOptions } from '@vivarium/net-nat';
import { virtioNet } from '@vivarium/virtio-net';
import type { Backend, BoardDevice } from './board-device.ts';

export type { HostNetwork, NatOptions } from '@vivarium/net-nat';

/** A network card of the board. */
export interface VirtNetwork {
  /** What provides the network: {@link userNetwork}, a port of a switch, or any other network backend. */
  readonly backend: Backend;
  /** Default: a random one. */
  readonly mac?: string;
  /** Further options of the card, such as its rates: see @vivarium/virtio-net. */
  readonly options?: Readonly<Record<string, unknown>>;
}

/** The host's network behind address translation, without privileges: see @vivarium/net-nat. */
export const userNetwork = (options: NatOptions): Backend => ({ plugin: nat, options });

/** `net0` on `network0`. */
export const networkDevice = ({ backend, mac, options }: VirtNetwork, index: number): BoardDevice => ({
  backends: [{ ...backend, id: `network${index}` }],
  device: {
    id: `net${index}`,
    plugin: virtioNet,
    options: { ...options, ...(mac === undefined ? {} : { mac }) },
    use: { [NetBackendToken.name]: `network${index}` },
  },
});

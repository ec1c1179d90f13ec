import { NetBackendToken, type PartSpec } from '@vivarium/contracts';
import { type CaptureSink, netCapture } from '@vivarium/net-capture';
import { type DatagramOptions, netDatagram } from '@vivarium/net-datagram';
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
  /** Takes a capture (pcapng) of what goes over the card, in pieces: see @vivarium/net-capture. */
  readonly capture?: CaptureSink;
  /** Further options of the card, such as its rates: see @vivarium/virtio-net. */
  readonly options?: Readonly<Record<string, unknown>>;
}

/** The host's network behind address translation, without privileges: see @vivarium/net-nat. */
export const userNetwork = (options: NatOptions): Backend => ({ plugin: nat, options });

/** A link that carries frames as datagrams, such as a TAP interface of the host: see @vivarium/net-datagram. */
export const datagramNetwork = (options: DatagramOptions): Backend => ({
  plugin: netDatagram,
  options,
});

/** `net0` on `network0`, with `capture0` between them when there is one; `tag` is what follows the words. */
export const networkDevice = ({ backend, mac, capture, options }: VirtNetwork, tag: number | string): BoardDevice => {
  const network: PartSpec = { ...backend, id: `network${tag}` };
  const tap: PartSpec = {
    id: `capture${tag}`,
    plugin: netCapture,
    options: { write: capture, name: `net${tag}` },
    use: { [NetBackendToken.name]: network.id },
  };
  return {
    backends: capture === undefined ? [network] : [network, tap],
    device: {
      id: `net${tag}`,
      plugin: virtioNet,
      options: { ...options, ...(mac === undefined ? {} : { mac }) },
      use: { [NetBackendToken.name]: capture === undefined ? network.id : tap.id },
    },
  };
};

import type { VirtioRequest } from '@vivarium/contracts';
import { MAC_LENGTH } from './mac-address.ts';
import type { ReceiveFilter } from './receive-filter.ts';
import * as r from './registers.ts';

/** Longest command that we read: two tables of addresses far beyond what is kept. */
const LONGEST = 64 * 1024;

/** What commands act on. */
export interface ControlTarget {
  readonly filter: ReceiveFilter;
  /** Bits of section 5.1.6.5.6. False when they were not agreed on. */
  setOffloads(bits: bigint): boolean;
}

/** Carries out the command of section 5.1.6.5 in `request`, and gives the acknowledgement. */
export const control = (request: VirtioRequest, target: ControlTarget): number => {
  const { filter } = target;
  const [kind, command] = request.read(0, 2);
  const data = request.read(2, LONGEST);
  const done = (holds: boolean): number => (holds ? r.VIRTIO_NET_OK : r.VIRTIO_NET_ERR);
  switch (kind) {
    case r.VIRTIO_NET_CTRL_RX:
      if (data.length !== 1) return r.VIRTIO_NET_ERR;
      if (command === r.VIRTIO_NET_CTRL_RX_PROMISC) filter.promiscuous = data[0] !== 0;
      else if (command === r.VIRTIO_NET_CTRL_RX_ALLMULTI) filter.allMulticast = data[0] !== 0;
      else return r.VIRTIO_NET_ERR;
      return r.VIRTIO_NET_OK;
    case r.VIRTIO_NET_CTRL_MAC:
      if (command === r.VIRTIO_NET_CTRL_MAC_TABLE_SET) return done(filter.setTables(data));
      if (command !== r.VIRTIO_NET_CTRL_MAC_ADDR_SET || data.length !== MAC_LENGTH) return r.VIRTIO_NET_ERR;
      filter.setAddress(data);
      return r.VIRTIO_NET_OK;
    case r.VIRTIO_NET_CTRL_GUEST_OFFLOADS:
      if (command !== r.VIRTIO_NET_CTRL_GUEST_OFFLOADS_SET || data.length !== 8) return r.VIRTIO_NET_ERR;
      return done(target.setOffloads(new DataView(data.buffer, data.byteOffset, 8).getBigUint64(0, true)));
    default:
      return r.VIRTIO_NET_ERR;
  }
};

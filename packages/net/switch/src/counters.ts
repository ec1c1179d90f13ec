import type { TrafficCounters } from '@vivarium/net-link';

/** Why a frame went no further. */
export type DropReason =
  /** Shorter than an Ethernet header, or not as long as it says. */
  | 'short'
  /** Longer than the MTU allows, and no segment to be cut. */
  | 'oversize'
  /** The source is a group address or zero. */
  | 'source'
  /** The tag names a VLAN that the port is not in. */
  | 'vlan'
  /** For the neighbour bridge only (01:80:c2:00:00:00 to 0f), or for a station behind the same port. */
  | 'filtered'
  /** The offload makes no sense. */
  | 'offload'
  /** The link is down, or no device is plugged in. */
  | 'link'
  /** The port only listens. */
  | 'mirror'
  /** The queue was full: the device takes less than comes. */
  | 'queue';

/** What went through a port, from the device's point of view. */
export type PortCounters = TrafficCounters<DropReason>;

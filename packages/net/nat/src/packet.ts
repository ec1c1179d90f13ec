import type { MacAddress, ParsedIpv4 } from '@vivarium/net-packet';

/** An IPv4 packet of the guest, whole and with a right header. */
export interface Packet {
  /** Station that sent it. */
  readonly mac: MacAddress;
  readonly ip: ParsedIpv4;
  /** Where its bytes are: pieces of a frame, valid during the call only. */
  readonly pieces: readonly Uint8Array[];
  /** Where the payload begins and ends in the pieces. */
  readonly start: number;
  readonly end: number;
  /** First bytes of the payload, at least the longest header or all there is: a copy. */
  readonly head: Uint8Array;
  /** The sums of its transport were left to the receiver: there is nothing to check. */
  readonly unchecked: boolean;
}

/** Bytes of the payload that {@link Packet.head} holds: the longest header of TCP. */
export const HEAD = 60;

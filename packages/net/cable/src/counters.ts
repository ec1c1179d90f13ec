import type { FrameProblem, OutletDrop, TrafficCounters } from '@vivarium/net-link';

/** Why a frame went no further. */
export type DropReason =
  | FrameProblem
  | OutletDrop
  /** The other end is not there, or one of both has its link down. */
  | 'link'
  /** The channel did not take it. */
  | 'channel';

/** What went through one end of a cable; received is what came from the other end, whether the device got it or not. */
export interface CableCounters extends TrafficCounters<DropReason> {
  /** Messages of the other end that make no sense. */
  readonly malformed: number;
}

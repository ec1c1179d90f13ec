import type { NetBackend } from '@vivarium/contracts';
import type { QueueLimits } from '@vivarium/net-link';
import type { RateLimits } from '@vivarium/token-bucket';
import { errors } from './errors.ts';
import { DEFAULT_VLAN, LAST_VLAN, VlanMembership } from './vlan.ts';

/** Limits in both directions, named as the device sees them. Absent is unlimited. */
export interface PortRates {
  /** What the device sends. It waits: `send` gives false, and `drained` tells when there are tokens again. */
  readonly transmit?: RateLimits;
  /** What the device is sent. It waits in the port's queue, and is dropped when that is full. */
  readonly receive?: RateLimits;
}

/** Options of one port. */
export interface SwitchPortOptions {
  /** For people: in captures and logs. */
  readonly name?: string;
  /** VLAN of frames without a tag, 1 to 4094; 1 when absent. */
  readonly vlan?: number;
  /** VLANs of which frames enter and leave with a tag; absent: frames with a tag are refused. */
  readonly trunk?: 'all' | readonly number[];
  /** No frames between this port and others that are isolated. */
  readonly isolated?: boolean;
  /** The port only listens: to every frame that enters the switch, or to what these ports send and are sent. */
  readonly mirror?: 'all' | readonly NetBackend[];
  readonly rate?: PortRates;
  /** Frames that wait for the device; those of the switch when absent. */
  readonly queue?: QueueLimits;
}

const isVlan = (vlan: number): boolean => Number.isInteger(vlan) && vlan >= 1 && vlan <= LAST_VLAN;

/** Throws `VIV_SWITCH_PORT` for options that make no sense together. */
export const readMembership = (options: SwitchPortOptions): VlanMembership => {
  const { vlan = DEFAULT_VLAN, trunk, mirror } = options;
  const named = [vlan, ...(trunk === undefined || trunk === 'all' ? [] : trunk)];
  const wrong = named.find((one) => !isVlan(one));
  if (wrong !== undefined) throw errors.make('VIV_SWITCH_PORT', `${wrong} is no VLAN`, { details: { vlan: wrong } });
  if (mirror !== undefined && (options.vlan ?? trunk ?? options.isolated) !== undefined) {
    throw errors.make('VIV_SWITCH_PORT', 'a mirror port takes no VLAN, no trunk and no isolation');
  }
  return new VlanMembership(vlan, trunk);
};

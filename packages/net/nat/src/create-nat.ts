import type { Clock, Timer } from '@vivarium/contracts';
import { parseIpv4Address } from '@vivarium/net-packet';
import type { Forward } from './forwards.ts';
import { Nat } from './nat.ts';
import { type NatOptions, natOptions, type ParsedNatOptions } from './nat-options.ts';
import type { NatSettings } from './nat-settings.ts';
import { planNetwork } from './network-plan.ts';

const SECOND = 1e9;
const QUEUE = { frames: 512, bytes: 2 ** 20 };
const MOST_DATAGRAMS = 32;

/** In every platform, but not in the language's own library. */
declare const crypto: { getRandomValues(array: Uint32Array): Uint32Array };

const random = (): number => crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;

/** Where a translator takes its time from. */
export interface NatTime {
  readonly clock: Pick<Clock, 'now'>;
  readonly timer: (expired: () => void) => Timer;
}

/** The translator that parsed options describe. */
export const natFrom = (options: ParsedNatOptions, time: NatTime, onDenied?: NatSettings['onDenied']): Nat => {
  const { limits, timeouts, egress } = options;
  return new Nat({
    ...time,
    host: options.host,
    random,
    plan: planNetwork(options.network),
    mtu: options.mtu,
    hostLoopback: options.hostLoopback,
    dns: options.dns,
    leaseTime: options.leaseTime,
    egress: {
      mode: egress.mode,
      allow: egress.allow.map(({ block, name, protocol, ports }) => ({
        ...(block === undefined ? {} : { block }),
        ...(name === undefined ? {} : { name }),
        ...(protocol === undefined ? {} : { protocol }),
        ...(ports === undefined ? {} : { ports }),
      })),
    },
    limits: {
      tcp: {
        connections: limits.connections,
        halfOpen: limits.halfOpen,
        timeWait: limits.timeWait,
        buffers: limits.buffers,
        buffer: limits.connectionBuffer,
        opening: timeouts.opening * SECOND,
        idle: timeouts.idle * SECOND,
        halfClosed: timeouts.halfClosed * SECOND,
      },
      udp: { flows: limits.udpFlows, idle: timeouts.udp * SECOND },
      queue: QUEUE,
      reassembly: { datagrams: MOST_DATAGRAMS, bytes: limits.reassembly },
      questions: limits.questions,
      echoes: limits.echoes,
      neighbours: limits.neighbours,
      peers: limits.peers,
    },
    ...(onDenied === undefined ? {} : { onDenied }),
  });
};

/** The forwards that options ask for. */
export const forwardsOf = ({ forwards, network }: ParsedNatOptions): readonly Forward[] =>
  forwards.map(({ guest, ...others }) => ({
    ...others,
    guest: (guest === undefined ? undefined : parseIpv4Address(guest)) ?? planNetwork(network).guest,
  }));

/**
 * Makes a translator for host code, to be an uplink of a switch for instance; its forwards are not open yet. Throws
 * what the schema finds in the options.
 */
export const createNat = (options: NatOptions, time: NatTime): Nat => natFrom(natOptions.parse(options), time);

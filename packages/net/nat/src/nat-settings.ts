import type { Clock, Timer } from '@vivarium/contracts';
import type { HostNetwork } from './host/host-network.ts';
import type { LinkLimits } from './guest-link.ts';
import type { NetworkPlan } from './network-plan.ts';
import type { EgressMode, EgressRule } from './policy/egress.ts';
import type { ReassemblyLimits } from './datagram/reassembly.ts';
import type { UdpLimits } from './datagram/udp-flows.ts';
import type { TcpLimits } from './tcp/tcp-stack.ts';

/** Bounds of all that a guest, or somebody outside, can make grow. Times are in nanoseconds. */
export interface NatLimits {
  readonly tcp: TcpLimits;
  readonly udp: UdpLimits;
  /** Answers that wait for the device. */
  readonly queue: LinkLimits;
  readonly reassembly: ReassemblyLimits;
  /** Questions with the host's resolver. */
  readonly questions: number;
  readonly echoes: number;
  /** Stations of the network that are known. */
  readonly neighbours: number;
  /** Others that send to UDP forwards. */
  readonly peers: number;
}

/** What a translator is made of. */
export interface NatSettings {
  readonly host: HostNetwork;
  readonly clock: Pick<Clock, 'now'>;
  readonly timer: (expired: () => void) => Timer;
  /** 32 random bits. */
  readonly random: () => number;
  readonly plan: NetworkPlan;
  readonly mtu: number;
  /** The gateway's address leads to the host's loopback. */
  readonly hostLoopback: boolean;
  readonly dns: boolean;
  /** Seconds. */
  readonly leaseTime: number;
  readonly egress: { readonly mode: EgressMode; readonly allow: readonly EgressRule[] };
  readonly limits: NatLimits;
  /** A guest wanted to go where it may not. */
  readonly onDenied?: (protocol: 'tcp' | 'udp' | 'icmp', address: string, port: number) => void;
}

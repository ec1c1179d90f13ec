/**
 * User-mode network address translation: guests on the host's network, without privileges. Guests see a network of
 * their own with a router, DHCP and DNS; what they send becomes sockets of the host. TCP is ended on both sides, with
 * back-pressure from one to the other.
 *
 * Specifications: TCP RFC 9293, 7323 (scales), 5961, 6298, 6582; IPv4 RFC 791; NAT behaviour for UDP RFC 4787; DHCP RFC
 * 2131; DNS RFC 1035, 6891; special addresses RFC 6890. Contract: `NetBackend` in `@vivarium/contracts`.
 *
 * @example
 * import { nat } from '@vivarium/net-nat';
 * import { nodeHostNetwork } from '@vivarium/net-nat/node';
 *
 * const part = {
 *   id: 'net', plugin: nat,
 *   options: { host: nodeHostNetwork(), forwards: [{ hostPort: 2222, guestPort: 22 }], egress: { mode: 'public' } },
 * };
 *
 * @module
 */
import { bind, CONTRACTS_MAJOR, ClockToken, definePlugin, NetBackendToken } from '@vivarium/contracts';
import { formatIpv4Address } from '@vivarium/net-packet';
import { forwardsOf, natFrom } from './create-nat.ts';
import { NatToken } from './nat-token.ts';
import { natOptions, type ParsedNatOptions } from './nat-options.ts';

declare module '@vivarium/contracts' {
  interface MachineEvents {
    /** A port of the host leads to one of the guest now. */
    'net:forward': {
      readonly part: string;
      readonly protocol: 'tcp' | 'udp';
      readonly host: string;
      readonly hostPort: number;
      readonly guest: string;
      readonly guestPort: number;
    };
  }
}

/** Destinations that were refused and are logged; a guest could go on for ever. */
const MOST_LOGGED = 32;

/** The plugin. */
export const nat = definePlugin<ParsedNatOptions>({
  name: '@vivarium/net-nat',
  version: '0.1.0',
  api: CONTRACTS_MAJOR,
  summary: "guests on the host's network, by address translation without privileges",
  provides: [NetBackendToken, NatToken],
  requires: [ClockToken],
  grants: ['host-network', 'timers'],
  options: natOptions,
  setup: (context) => {
    const { options, log, events, id } = context;
    const logged = new Set<string>();
    const time = { clock: context.get(ClockToken), timer: (expired: () => void) => context.grants.timer(expired) };
    const translator = natFrom(options, time, (protocol, address, port) => {
      const what = `${protocol} ${address}:${port}`;
      if (logged.size >= MOST_LOGGED || logged.has(what)) return;
      logged.add(what);
      log.warn('the guest may not go there', { protocol, address, port });
      if (logged.size === MOST_LOGGED) log.warn('further refusals are not logged');
    });
    return {
      provides: [bind(NetBackendToken, translator), bind(NatToken, translator)],
      start: async () => {
        for (const wanted of forwardsOf(options)) {
          const forward = await translator.addForward(wanted);
          events.emit('net:forward', { part: id, ...forward, guest: formatIpv4Address(forward.guest) });
        }
      },
      pause: () => translator.hold(),
      resume: () => translator.resume(),
      reset: () => translator.reset(),
      stop: () => translator.stop(),
      dispose: () => translator.dispose(),
    };
  },
});

export default nat;
export type { DropReason } from './counters.ts';
export { createNat, type NatTime } from './create-nat.ts';
export { errorTable } from './errors.ts';
export type { Forward } from './forwards.ts';
export type * from './host/host-network.ts';
export { Nat, type NatCounters } from './nat.ts';
export { type NatOptions, natOptions } from './nat-options.ts';
export type { NatLimits, NatSettings } from './nat-settings.ts';
export { NatToken } from './nat-token.ts';
export { type NetworkPlan, planNetwork } from './network-plan.ts';
export type { EgressMode, EgressRule } from './policy/egress.ts';

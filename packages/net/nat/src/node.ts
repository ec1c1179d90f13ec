/**
 * The host's network over Node's own modules, for the translator.
 *
 * @example
 * import { nat } from '@vivarium/net-nat';
 * import { nodeHostNetwork } from '@vivarium/net-nat/node';
 *
 * const part = { id: 'net', plugin: nat, options: { host: nodeHostNetwork() } };
 *
 * @module
 */
import type { HostNetwork } from './host/host-network.ts';
import { pingByCommand } from './node/ping.ts';
import { NodeResolver } from './node/resolver.ts';
import { tcpConnect, tcpListen } from './node/tcp.ts';
import { udpListen, udpSocket } from './node/udp.ts';

/** Options of {@link nodeHostNetwork}. */
export interface NodeHostOptions {
  /** DNS servers, `192.0.2.1` or `192.0.2.1:5353`; those of the host when absent. */
  readonly dnsServers?: readonly string[];
  /**
   * `command`: a guest's echo to others starts the system's `ping`, one process each, a few at once. `none`, the
   * default: guests are told that it is prohibited. Node has no way to send an echo by itself.
   */
  readonly ping?: 'command' | 'none';
}

/** The host's network. It holds nothing itself; the translator gives back what it opens. */
export const nodeHostNetwork = ({ dnsServers, ping = 'none' }: NodeHostOptions = {}): HostNetwork => {
  const resolver = new NodeResolver(dnsServers);
  return {
    tcpConnect,
    tcpListen,
    udpSocket,
    udpListen,
    resolve: (name, type, done) => resolver.resolve(name, type, done),
    ...(ping === 'command' ? { ping: pingByCommand } : {}),
  };
};

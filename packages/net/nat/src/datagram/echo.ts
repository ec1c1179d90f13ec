import {
  type Ends,
  formatIpv4Address,
  type IcmpMessage,
  IcmpType,
  icmpFrame,
  type Ipv4Address,
  parseIcmp,
  UnreachableCode,
} from '@vivarium/net-packet';
import type { HostNetwork } from '../host/host-network.ts';

/** What {@link Echo} is made of. */
export interface EchoParts {
  readonly host: Pick<HostNetwork, 'ping'>;
  /** Echoes that may be under way at once. */
  readonly pending: number;
  /** Addresses that answer by themselves: the gateway's and the forwarder's. */
  readonly isOwn: (address: Ipv4Address) => boolean;
  readonly allows: (address: Ipv4Address) => boolean;
  readonly dropped: (reason: 'egress' | 'limit' | 'transport') => void;
}

/** How one message is answered. */
export interface EchoReply {
  /** Ends of the answer. */
  readonly ends: Ends;
  readonly post: (frame: Uint8Array) => void;
  /** Tells the guest that its message was not delivered. */
  readonly unreachable: (code: number) => void;
}

/**
 * Answers a guest's echoes (RFC 792): the network's own addresses at once, others when the host's `ping` has an answer.
 * Without one, and for addresses that are not allowed, the guest is told that it is prohibited.
 */
export class Echo {
  readonly #parts: EchoParts;
  #pending = 0;
  #generation = 0;

  constructor(parts: EchoParts) {
    this.#parts = parts;
  }

  clear(): void {
    this.#generation += 1;
    this.#pending = 0;
  }

  /** A message of a guest. */
  receive(bytes: Uint8Array, { ends, post, unreachable }: EchoReply): void {
    const { host, pending, isOwn, allows, dropped } = this.#parts;
    const message = parseIcmp(bytes);
    if (message === undefined) {
      dropped('transport');
      return;
    }
    if (message.type !== IcmpType.echoRequest) return;
    if (isOwn(ends.source)) {
      post(answer(ends, message));
      return;
    }
    if (!allows(ends.source) || host.ping === undefined) {
      dropped('egress');
      unreachable(UnreachableCode.prohibited);
      return;
    }
    if (this.#pending >= pending) {
      dropped('limit');
      return;
    }
    this.#pending += 1;
    const generation = this.#generation;
    host.ping(formatIpv4Address(ends.source), (answered) => {
      if (generation !== this.#generation) return;
      this.#pending -= 1;
      if (answered) post(answer(ends, message));
    });
  }
}

const answer = (ends: Ends, message: IcmpMessage): Uint8Array =>
  icmpFrame(ends, { ...message, type: IcmpType.echoReply, code: 0 });

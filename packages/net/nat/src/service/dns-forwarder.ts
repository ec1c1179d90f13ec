import {
  buildDns,
  DNS_CLASS_INTERNET,
  DNS_UDP_LIMIT,
  DnsCode,
  type DnsMessage,
  DnsType,
  parseDns,
} from '@vivarium/net-packet';
import type { HostNetwork } from '../host/host-network.ts';
import type { Egress } from '../policy/egress.ts';

/** What {@link DnsForwarder} is made of. */
export interface DnsParts {
  readonly host: Pick<HostNetwork, 'resolve'>;
  readonly egress: Egress;
  /** Questions that may be with the host's resolver at once. */
  readonly pending: number;
  /** A question found no place. */
  readonly dropped: () => void;
}

/** Longest datagram that is sent, whatever the guest says that it takes: fragments are trouble. */
const LONGEST_DATAGRAM = 1232;
const LONGEST_STREAM = 0xffff;

/**
 * Answers guests' DNS questions (RFC 1035) from the host's resolver. The network has no IPv6, so a question for IPv6
 * addresses is answered with none, and no guest waits for a connection that cannot be.
 */
export class DnsForwarder {
  readonly #parts: DnsParts;
  #pending = 0;
  #generation = 0;

  constructor(parts: DnsParts) {
    this.#parts = parts;
  }

  get pending(): number {
    return this.#pending;
  }

  /** Answers to questions of before are no longer wanted. */
  clear(): void {
    this.#generation += 1;
    this.#pending = 0;
  }

  /** Calls `reply` with the answer, once, now or later. False: the message is no question, and gets none. */
  ask(message: Uint8Array, transport: 'datagram' | 'stream', reply: (answer: Uint8Array) => void): boolean {
    const query = parseDns(message);
    if (query === undefined || query.response) return false;
    const limit = transport === 'stream' ? LONGEST_STREAM : datagramLimit(query);
    const answerWith = (code: number, answers: DnsMessage['answers'] = []): void => {
      const built = answer(query, code, answers, limit);
      if (built !== undefined) reply(built);
    };
    const [question, ...others] = query.questions;
    if (query.opcode !== 0) answerWith(DnsCode.notImplemented);
    else if (question === undefined || others.length > 0) answerWith(DnsCode.badQuery);
    else if (question.class !== DNS_CLASS_INTERNET) answerWith(DnsCode.notImplemented);
    else if (!this.#parts.egress.mayResolve(question.name)) answerWith(DnsCode.refused);
    else if (question.type === DnsType.aaaa) answerWith(DnsCode.ok);
    else this.#resolve(question.name, question.type, answerWith);
    return true;
  }

  #resolve(name: string, type: number, answerWith: (code: number, answers?: DnsMessage['answers']) => void): void {
    const { host, egress, pending, dropped } = this.#parts;
    if (this.#pending >= pending) {
      dropped();
      answerWith(DnsCode.serverFailure);
      return;
    }
    this.#pending += 1;
    const generation = this.#generation;
    host.resolve(name, type, ({ code, records }) => {
      if (generation !== this.#generation) return;
      this.#pending -= 1;
      answerWith(code, egress.admit(name, records));
    });
  }
}

/** What the guest takes in a datagram: its EDNS option says (RFC 6891, section 6.2.3). */
const datagramLimit = ({ additionals }: DnsMessage): number => {
  const size = additionals.find(({ type }) => type === DnsType.opt)?.class ?? DNS_UDP_LIMIT;
  return Math.min(Math.max(size, DNS_UDP_LIMIT), LONGEST_DATAGRAM);
};

const answer = (
  query: DnsMessage,
  code: number,
  answers: DnsMessage['answers'],
  limit: number,
): Uint8Array | undefined => {
  const hasEdns = query.additionals.some(({ type }) => type === DnsType.opt);
  const edns = { name: '', type: DnsType.opt, class: LONGEST_DATAGRAM, ttl: 0, data: new Uint8Array(0) };
  const message = {
    ...query,
    response: true,
    authoritative: false,
    recursionAvailable: true,
    truncated: false,
    // Checking of signatures is left to the host: AD is not ours to set, CD is copied (RFC 4035, section 3.2.2).
    reserved: query.reserved & 1,
    code,
    answers,
    authorities: [],
    additionals: hasEdns ? [edns] : [],
  };
  const whole = buildDns(message);
  if (whole !== undefined && whole.length <= limit) return whole;
  return buildDns({ ...message, truncated: true, answers: [] });
};

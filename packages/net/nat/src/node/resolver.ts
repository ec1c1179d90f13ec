import { ADDRCONFIG, lookup, Resolver } from 'node:dns';
import {
  concatenate,
  DNS_CLASS_INTERNET,
  DnsCode,
  type DnsRecord,
  DnsType,
  encodeDnsName,
  parseIpv4Address,
  write16,
  write32,
} from '@vivarium/net-packet';
import type { HostAnswer } from '../host/host-network.ts';

type Done = (answer: HostAnswer) => void;

const CODES: Readonly<Record<string, number>> = {
  ENOTFOUND: DnsCode.noSuchName,
  ENODATA: DnsCode.ok,
  EREFUSED: DnsCode.refused,
  EBADNAME: DnsCode.badQuery,
  EBADQUERY: DnsCode.badQuery,
  ENOTIMP: DnsCode.notImplemented,
};
/** Seconds, for records of which the host does not say it. */
const TTL = 60;

const word = (value: number): Uint8Array => {
  const bytes = new Uint8Array(4);
  write32(bytes, 0, value);
  return bytes;
};
const half = (value: number): Uint8Array => {
  const bytes = new Uint8Array(2);
  write16(bytes, 0, value);
  return bytes;
};
const nameBytes = (name: string): Uint8Array => encodeDnsName(name) ?? Uint8Array.of(0);
/** A character string (RFC 1035, section 3.3). */
const stringBytes = (text: string): Uint8Array => {
  const bytes = Buffer.from(text, 'latin1').subarray(0, 255);
  return concatenate([Uint8Array.of(bytes.length), bytes]);
};

/** Resolves names as the host does: its servers, and its own table of hosts for what they do not know. */
export class NodeResolver {
  readonly #resolver = new Resolver({ timeout: 3000, tries: 3 });

  constructor(servers?: readonly string[]) {
    if (servers !== undefined) this.#resolver.setServers(servers);
  }

  resolve(name: string, type: number, done: Done): void {
    const record = (data: Uint8Array, ttl = TTL): DnsRecord => ({ name, type, class: DNS_CLASS_INTERNET, ttl, data });
    /** Calls `done` once with what `encode` makes of an answer. */
    const answer =
      <Value>(encode: (value: Value) => readonly DnsRecord[]) =>
      (error: NodeJS.ErrnoException | null, value: Value): void =>
        done(
          error === null
            ? { code: DnsCode.ok, records: encode(value) }
            : { code: CODES[error.code ?? ''] ?? DnsCode.serverFailure, records: [] },
        );
    const namesOf = answer<string[]>((names) => names.map((one) => record(nameBytes(one))));
    switch (type) {
      case DnsType.a:
        this.#resolveAddress(name, done);
        return;
      case DnsType.cname:
        this.#resolver.resolveCname(name, namesOf);
        return;
      case DnsType.ns:
        this.#resolver.resolveNs(name, namesOf);
        return;
      case DnsType.ptr:
        this.#resolver.resolvePtr(name, namesOf);
        return;
      case DnsType.mx:
        this.#resolver.resolveMx(
          name,
          answer((found) => found.map((mx) => record(concatenate([half(mx.priority), nameBytes(mx.exchange)])))),
        );
        return;
      case DnsType.txt:
        this.#resolver.resolveTxt(
          name,
          answer((found) => found.map((texts) => record(concatenate(texts.map(stringBytes))))),
        );
        return;
      case DnsType.srv:
        this.#resolver.resolveSrv(
          name,
          answer((found) =>
            found.map((srv) =>
              record(concatenate([half(srv.priority), half(srv.weight), half(srv.port), nameBytes(srv.name)])),
            ),
          ),
        );
        return;
      case DnsType.soa:
        this.#resolver.resolveSoa(
          name,
          answer((soa) => [
            record(
              concatenate([
                nameBytes(soa.nsname),
                nameBytes(soa.hostmaster),
                ...[soa.serial, soa.refresh, soa.retry, soa.expire, soa.minttl].map(word),
              ]),
            ),
          ]),
        );
        return;
      default:
        queueMicrotask(() => done({ code: DnsCode.notImplemented, records: [] }));
    }
  }

  #resolveAddress(name: string, done: Done): void {
    const answer = (addresses: readonly { readonly address: string; readonly ttl: number }[]): void =>
      done({
        code: DnsCode.ok,
        records: addresses.flatMap(({ address, ttl }) => {
          const value = parseIpv4Address(address);
          const owner = { name, type: DnsType.a, class: DNS_CLASS_INTERNET, ttl };
          return value === undefined ? [] : [{ ...owner, data: word(value) }];
        }),
      });
    this.#resolver.resolve4(name, { ttl: true }, (error, addresses) => {
      if (error === null) {
        answer(addresses);
        return;
      }
      // The host's own table, and whatever else its system knows.
      lookup(name, { all: true, family: 4, hints: ADDRCONFIG }, (failure, found) => {
        if (failure === null) answer(found.map(({ address }) => ({ address, ttl: TTL })));
        else done({ code: CODES[error.code ?? ''] ?? DnsCode.serverFailure, records: [] });
      });
    });
  }
}

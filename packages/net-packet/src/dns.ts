import { concatenate, read16, read32, write16, write32 } from './bytes.ts';
import { encodeDnsName, readDnsName } from './dns-name.ts';

export const DNS_PORT = 53;
/** Longest message over UDP without EDNS (RFC 1035, section 4.2.1). */
export const DNS_UDP_LIMIT = 512;
export const DNS_CLASS_INTERNET = 1;

/** Types of IANA's registry. */
export const DnsType = {
  a: 1,
  ns: 2,
  cname: 5,
  soa: 6,
  ptr: 12,
  mx: 15,
  txt: 16,
  aaaa: 28,
  srv: 33,
  opt: 41,
  caa: 257,
} as const;

/** Response codes of RFC 1035, section 4.1.1. */
export const DnsCode = { ok: 0, badQuery: 1, serverFailure: 2, noSuchName: 3, notImplemented: 4, refused: 5 } as const;

export interface DnsQuestion {
  /** As {@link readDnsName} writes it. */
  readonly name: string;
  readonly type: number;
  readonly class: number;
}

export interface DnsRecord {
  readonly name: string;
  readonly type: number;
  readonly class: number;
  /** Seconds. */
  readonly ttl: number;
  /** Names in it are without compression. */
  readonly data: Uint8Array;
}

/** A message of RFC 1035, section 4. */
export interface DnsMessage {
  readonly id: number;
  readonly response: boolean;
  readonly opcode: number;
  readonly authoritative: boolean;
  readonly truncated: boolean;
  readonly recursionDesired: boolean;
  readonly recursionAvailable: boolean;
  /** Bits Z, AD and CD (RFC 4035), as they are: 0 to 7. */
  readonly reserved: number;
  readonly code: number;
  readonly questions: readonly DnsQuestion[];
  readonly answers: readonly DnsRecord[];
  readonly authorities: readonly DnsRecord[];
  readonly additionals: readonly DnsRecord[];
}

const HEADER = 12;

/** Names in the data of types that may compress them (RFC 3597, section 4): bytes before, then names, then bytes. */
const NAMES_IN_DATA: ReadonlyMap<number, { readonly before: number; readonly names: number }> = new Map([
  [DnsType.ns, { before: 0, names: 1 }],
  [DnsType.cname, { before: 0, names: 1 }],
  [DnsType.ptr, { before: 0, names: 1 }],
  [DnsType.mx, { before: 2, names: 1 }],
  [DnsType.soa, { before: 0, names: 2 }],
  [DnsType.srv, { before: 6, names: 1 }],
]);

const readData = (bytes: Uint8Array, start: number, end: number, type: number): Uint8Array | undefined => {
  const shape = NAMES_IN_DATA.get(type);
  if (shape === undefined) return bytes.slice(start, end);
  const parts = [bytes.subarray(start, start + shape.before)];
  let at = start + shape.before;
  for (let count = 0; count < shape.names; count += 1) {
    const read = readDnsName(bytes, at);
    const name = read === undefined ? undefined : encodeDnsName(read.name);
    if (read === undefined || name === undefined || read.end > end) return undefined;
    parts.push(name);
    at = read.end;
  }
  parts.push(bytes.subarray(at, end));
  return concatenate(parts);
};

const readRecord = (
  bytes: Uint8Array,
  start: number,
): { readonly record: DnsRecord; readonly end: number } | undefined => {
  const owner = readDnsName(bytes, start);
  if (owner === undefined || owner.end + 10 > bytes.length) return undefined;
  const type = read16(bytes, owner.end);
  const dataStart = owner.end + 10;
  const end = dataStart + read16(bytes, owner.end + 8);
  if (end > bytes.length) return undefined;
  const data = readData(bytes, dataStart, end, type);
  if (data === undefined) return undefined;
  const record = {
    name: owner.name,
    type,
    class: read16(bytes, owner.end + 2),
    ttl: read32(bytes, owner.end + 4),
    data,
  };
  return { record, end };
};

/** Undefined when the message is cut short, or a name or record in it makes no sense. Bytes behind it are ignored. */
export const parseDns = (bytes: Uint8Array): DnsMessage | undefined => {
  if (bytes.length < HEADER) return undefined;
  const flags = read16(bytes, 2);
  let at = HEADER;
  const questions: DnsQuestion[] = [];
  for (let count = read16(bytes, 4); count > 0; count -= 1) {
    const read = readDnsName(bytes, at);
    if (read === undefined || read.end + 4 > bytes.length) return undefined;
    questions.push({ name: read.name, type: read16(bytes, read.end), class: read16(bytes, read.end + 2) });
    at = read.end + 4;
  }
  const sections: DnsRecord[][] = [];
  for (const field of [6, 8, 10]) {
    const records: DnsRecord[] = [];
    for (let count = read16(bytes, field); count > 0; count -= 1) {
      const read = readRecord(bytes, at);
      if (read === undefined) return undefined;
      records.push(read.record);
      at = read.end;
    }
    sections.push(records);
  }
  const [answers = [], authorities = [], additionals = []] = sections;
  return {
    id: read16(bytes, 0),
    response: (flags & 0x8000) !== 0,
    opcode: (flags >>> 11) & 0xf,
    authoritative: (flags & 0x0400) !== 0,
    truncated: (flags & 0x0200) !== 0,
    recursionDesired: (flags & 0x0100) !== 0,
    recursionAvailable: (flags & 0x0080) !== 0,
    reserved: (flags >>> 4) & 7,
    code: flags & 0xf,
    questions,
    answers,
    authorities,
    additionals,
  };
};

/** Builds the parts of a message; an owner that was written before is a pointer to it (section 4.1.4). */
class DnsWriter {
  readonly parts: Uint8Array[] = [new Uint8Array(HEADER)];
  readonly #owners = new Map<string, number>();
  #length = HEADER;

  get header(): Uint8Array {
    return this.parts[0] ?? new Uint8Array(HEADER);
  }

  add(part: Uint8Array): void {
    this.parts.push(part);
    this.#length += part.length;
  }

  owner(name: string): boolean {
    const known = this.#owners.get(name);
    if (known !== undefined && name !== '') {
      this.add(Uint8Array.of(0xc0 | (known >>> 8), known));
      return true;
    }
    const encoded = encodeDnsName(name);
    if (encoded === undefined) return false;
    if (this.#length < 0x4000) this.#owners.set(name, this.#length);
    this.add(encoded);
    return true;
  }

  record(record: DnsRecord): boolean {
    if (!this.owner(record.name) || record.data.length > 0xffff) return false;
    const fixed = new Uint8Array(10);
    write16(fixed, 0, record.type);
    write16(fixed, 2, record.class);
    write32(fixed, 4, record.ttl);
    write16(fixed, 8, record.data.length);
    this.add(fixed);
    this.add(record.data);
    return true;
  }
}

/** Undefined when a name in it is no name, or it is longer than 64 KiB. */
export const buildDns = (message: DnsMessage): Uint8Array | undefined => {
  const writer = new DnsWriter();
  const { header } = writer;
  write16(header, 0, message.id);
  const flags =
    (message.response ? 0x8000 : 0) |
    (message.opcode << 11) |
    (message.authoritative ? 0x0400 : 0) |
    (message.truncated ? 0x0200 : 0) |
    (message.recursionDesired ? 0x0100 : 0) |
    (message.recursionAvailable ? 0x0080 : 0) |
    (message.reserved << 4) |
    message.code;
  write16(header, 2, flags);
  const sections = [message.answers, message.authorities, message.additionals];
  [message.questions, ...sections].forEach((list, index) => write16(header, 4 + index * 2, list.length));
  for (const question of message.questions) {
    if (!writer.owner(question.name)) return undefined;
    const fixed = new Uint8Array(4);
    write16(fixed, 0, question.type);
    write16(fixed, 2, question.class);
    writer.add(fixed);
  }
  for (const record of sections.flat()) if (!writer.record(record)) return undefined;
  const bytes = concatenate(writer.parts);
  return bytes.length > 0xffff ? undefined : bytes;
};

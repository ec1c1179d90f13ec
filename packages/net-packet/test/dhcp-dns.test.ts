import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as p from '../src/index.ts';
import { byte, bytes, long, mac, word } from './arbitraries.ts';

const dhcp = fc.record({
  operation: byte,
  transaction: long,
  seconds: word,
  broadcast: fc.boolean(),
  client: long,
  your: long,
  server: long,
  relay: long,
  hardware: mac,
  options: fc
    .uniqueArray(
      fc.tuple(
        fc.integer({ min: 1, max: 254 }).filter((code) => code !== p.DhcpOption.overload),
        bytes(600),
      ),
      { selector: ([code]) => code, maxLength: 6 },
    )
    .map((entries) => new Map(entries)),
});

describe('DHCP', () => {
  it('is read back as it was built, with values of any length', () => {
    fc.assert(
      fc.property(dhcp, (message) => {
        expect(p.parseDhcp(p.buildDhcp(message))).toEqual(message);
      }),
    );
  });

  it('survives any change of a byte and any cut', () => {
    fc.assert(
      fc.property(dhcp, fc.nat(), byte, fc.nat(), (message, at, value, cut) => {
        const built = p.buildDhcp(message);
        built[at % built.length] = value;
        expect(() => p.parseDhcp(built.subarray(0, cut % built.length))).not.toThrow();
        expect(() => p.parseDhcp(built)).not.toThrow();
      }),
    );
  });

  it('finds options in the fields for names when told so', () => {
    const built = p.buildDhcp({
      operation: 1,
      transaction: 7,
      seconds: 0,
      broadcast: false,
      client: 0,
      your: 0,
      server: 0,
      relay: 0,
      hardware: 1,
      options: new Map([[p.DhcpOption.overload, Uint8Array.of(3)]]),
    });
    built.set([p.DhcpOption.hostName, 2, 0x68, 0x69, 255], 108);
    built.set([p.DhcpOption.messageType, 1, 1, 255], 44);
    expect(p.parseDhcp(built)?.options).toEqual(
      new Map([
        [p.DhcpOption.hostName, Uint8Array.of(0x68, 0x69)],
        [p.DhcpOption.messageType, Uint8Array.of(1)],
      ]),
    );
    expect(p.dhcpHalf(1500)).toEqual(Uint8Array.of(5, 220));
    expect(p.dhcpWord(0x0a00_0202)).toEqual(Uint8Array.of(10, 0, 2, 2));
  });
});

const label = fc.oneof(
  fc.stringMatching(/^[a-zA-Z0-9_-]{1,12}$/),
  fc
    .array(fc.constantFrom('\\000', '\\046', '\\092', '\\255', '\\032'), { minLength: 1, maxLength: 4 })
    .map((l) => l.join('')),
);
const name = fc.array(label, { maxLength: 6 }).map((labels) => labels.join('.'));
const record = fc.oneof(
  fc.record({ name, type: fc.constantFrom(1, 16, 28, 41, 257, 65), class: word, ttl: long, data: bytes(60) }),
  fc.record({
    name,
    type: fc.constantFrom<number>(p.DnsType.cname, p.DnsType.ns, p.DnsType.ptr),
    class: word,
    ttl: long,
    data: name.map((text) => p.encodeDnsName(text)!),
  }),
  fc.record({
    name,
    type: fc.constant<number>(p.DnsType.mx),
    class: word,
    ttl: long,
    data: fc.tuple(bytes(2, 2), name).map(([before, text]) => p.concatenate([before, p.encodeDnsName(text)!])),
  }),
);
const message = fc.record({
  id: word,
  response: fc.boolean(),
  opcode: fc.nat(15),
  authoritative: fc.boolean(),
  truncated: fc.boolean(),
  recursionDesired: fc.boolean(),
  recursionAvailable: fc.boolean(),
  reserved: fc.nat(7),
  code: fc.nat(15),
  questions: fc.array(fc.record({ name, type: word, class: word }), { maxLength: 3 }),
  answers: fc.array(record, { maxLength: 4 }),
  authorities: fc.array(record, { maxLength: 2 }),
  additionals: fc.array(record, { maxLength: 2 }),
});

describe('DNS', () => {
  it('is read back as it was built', () => {
    fc.assert(
      fc.property(message, (given) => {
        expect(p.parseDns(p.buildDns(given)!)).toEqual(given);
      }),
    );
  });

  it('survives any change of a byte and any cut', () => {
    fc.assert(
      fc.property(message, fc.nat(), byte, fc.nat(), (given, at, value, cut) => {
        const built = p.buildDns(given)!;
        built[at % built.length] = value;
        expect(() => p.parseDns(built)).not.toThrow();
        expect(() => p.parseDns(built.subarray(0, cut % built.length))).not.toThrow();
      }),
      { numRuns: 1000 },
    );
  });

  it('reads names through pointers, and no pointer that leads on or back to itself', () => {
    // 3www, 7example, then a name that is "ftp" and a pointer to "example".
    const wire = Uint8Array.from([
      3, 119, 119, 119, 2, 99, 111, 0, 3, 102, 116, 112, 0xc0, 4, 0xc0, 14, 0xc0, 20, 0xc0,
    ]);
    expect(p.readDnsName(wire, 0)).toEqual({ name: 'www.co', end: 8 });
    expect(p.readDnsName(wire, 8)).toEqual({ name: 'ftp.co', end: 14 });
    expect(p.readDnsName(wire, 14)).toBeUndefined();
    expect(p.readDnsName(wire, 16)).toBeUndefined();
    expect(p.readDnsName(wire, 18)).toBeUndefined();
  });

  it('expands names that data compresses', () => {
    const owner = [1, 120, 0];
    const wire = Uint8Array.from([
      ...[0, 1, 0x80, 0, 0, 1, 0, 1, 0, 0, 0, 0],
      ...[...owner, 0, 15, 0, 1],
      ...[0xc0, 12, 0, 15, 0, 1, 0, 0, 0, 9, 0, 6, 0, 10, 1, 109, 0xc0, 12],
    ]);
    expect(p.parseDns(wire)?.answers).toEqual([
      { name: 'x', type: 15, class: 1, ttl: 9, data: Uint8Array.from([0, 10, 1, 109, 1, 120, 0]) },
    ]);
  });

  it.each(['a..b', '.a', 'x'.repeat(64), 'a\\25', 'é\u1234', `${'abcdefgh.'.repeat(29)}a`])('%s is no name', (text) =>
    expect(p.encodeDnsName(text)).toBeUndefined(),
  );
});

import * as p from '@vivarium/net-packet';
import { describe, expect, it } from 'vitest';
import type { NatOptions } from '../src/index.ts';
import { DNS, GATEWAY } from './guest/guest.ts';
import { fakeRig } from './guest/rig.ts';

const SECOND = 1e9;
const address = (text: string) => p.parseIpv4Address(text)!;

const query = (name: string, type: number, change: Partial<p.DnsMessage> = {}) =>
  p.buildDns({
    id: 0x4242,
    response: false,
    opcode: 0,
    authoritative: false,
    truncated: false,
    recursionDesired: true,
    recursionAvailable: false,
    reserved: 0,
    code: 0,
    questions: [{ name, type, class: 1 }],
    answers: [],
    authorities: [],
    additionals: [],
    ...change,
  })!;
const a = (name: string, ...addresses: string[]) =>
  addresses.map((text) => ({ name, type: p.DnsType.a, class: 1, ttl: 30, data: p.dhcpWord(address(text)) }));
/** An IPv4 address where an IPv6 one belongs. */
const mapped = (name: string, text: string) => ({
  name,
  type: p.DnsType.aaaa,
  class: 1,
  ttl: 30,
  data: p.concatenate([new Uint8Array(10), Uint8Array.of(0xff, 0xff), p.dhcpWord(address(text))]),
});

const world = (options: Omit<NatOptions, 'host'>) => {
  const rig = fakeRig(options);
  const { guest, host, nat } = rig;
  /** Whether a connection goes out, or is refused at once. */
  const reaches = (destination: string | number, port = 443) => {
    const before = host.sockets.length;
    const target = typeof destination === 'number' ? destination : address(destination);
    const connection = guest.connect(target, port);
    connection.close();
    const goes = host.sockets.length > before;
    expect(connection.isReset).toBe(!goes);
    return goes ? host.sockets.at(-1)!.address : undefined;
  };
  const datagramGoes = (destination: string, port: number) => {
    const before = host.datagrams.length;
    guest.sendUdp(address(destination), 5000, port, Uint8Array.of(1));
    return host.datagrams.length > before;
  };
  /** Addresses that the forwarder gives for a name. */
  const lookUp = (name: string, type: number = p.DnsType.a, change: Partial<p.DnsMessage> = {}) => {
    guest.datagrams.length = 0;
    guest.sendUdp(DNS, 5353, 53, query(name, type, change));
    const message = guest.datagrams[0] && p.parseDns(guest.datagrams[0].payload);
    return (
      message && { ...message, addresses: message.answers.map(({ data }) => p.formatIpv4Address(p.read32(data, 0))) }
    );
  };
  return { ...rig, reaches, datagramGoes, lookUp, drops: () => nat.counters.drops };
};

const LOCAL = ['0.0.0.0', '127.0.0.1', '127.9.9.9', '169.254.169.254', '224.0.0.1', '240.0.0.1', '255.255.255.254'];
const PRIVATE = ['10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.1.1', '100.64.0.1', '198.18.0.1', '203.0.113.9'];
const PUBLIC = ['8.8.8.8', '1.1.1.1', '172.32.0.1', '100.128.0.1', '11.0.0.1', '169.253.0.1', '223.255.255.255'];

describe('L6 modes', () => {
  it.each([
    ['open', [...PUBLIC, ...PRIVATE]],
    ['public', PUBLIC],
    ['listed', []],
  ] as const)('%s', (mode, reachable: readonly string[]) => {
    const { reaches } = world({ egress: { mode } });
    // TCP to a group of hosts is nonsense, and gets no answer at all.
    const all = [...LOCAL, ...PRIVATE, ...PUBLIC].filter((text) => address(text) < 0xe000_0000);
    expect(all.filter((text) => reaches(text) !== undefined)).toEqual(
      [...LOCAL, ...PRIVATE, ...PUBLIC].filter((text) => reachable.includes(text)),
    );
  });

  it('hold for datagrams, too, and the guest is told', () => {
    const { datagramGoes, guest, drops } = world({ egress: { mode: 'public' } });
    expect(['169.254.169.254', '10.1.2.3', '8.8.8.8', '239.1.1.1'].filter((text) => datagramGoes(text, 53))).toEqual([
      '8.8.8.8',
    ]);
    expect(guest.icmp.map(({ type, code }) => [type, code])).toEqual([
      [3, 13],
      [3, 13],
    ]);
    expect(drops()).toEqual({ egress: 2 });
  });

  it("lead to the host's loopback by the gateway's address alone, unless that is off", () => {
    expect(world({}).reaches(GATEWAY, 8080)).toBe('127.0.0.1');
    expect(world({ egress: { mode: 'public' } }).reaches(GATEWAY)).toBe('127.0.0.1');
    expect(world({ hostLoopback: false }).reaches(GATEWAY)).toBeUndefined();
    expect(world({ egress: { mode: 'listed' } }).reaches(GATEWAY)).toBeUndefined();
    const { reaches } = world({ egress: { mode: 'listed', allow: [{ cidr: '10.0.2.2', ports: 8080 }] } });
    expect([reaches(GATEWAY, 8080), reaches(GATEWAY, 8081)]).toEqual(['127.0.0.1', undefined]);
    // Others of the network are behind the translator, not in front of it.
    expect(world({}).reaches(0x0a00_0220)).toBeUndefined();
    expect(world({}).reaches(DNS, 80)).toBeUndefined();
  });
});

describe('rules', () => {
  it('allow by address, port and protocol, all of them', () => {
    const { reaches, datagramGoes } = world({
      egress: {
        mode: 'listed',
        allow: [
          { cidr: '192.0.0.0/8', protocol: 'tcp', ports: [80, 90] },
          { cidr: '9.9.9.9', protocol: 'udp' },
          { cidr: '::ffff:5.6.0.0/112' },
        ],
      },
    });
    expect([reaches('192.1.1.1', 80), reaches('192.1.1.1', 90)]).toEqual(['192.1.1.1', '192.1.1.1']);
    expect([reaches('192.1.1.1', 91), reaches('193.1.1.1', 80), reaches('9.9.9.9')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect([datagramGoes('9.9.9.9', 53), datagramGoes('192.1.1.1', 80)]).toEqual([true, false]);
    expect([reaches('5.6.7.8'), reaches('5.7.7.8')]).toEqual(['5.6.7.8', undefined]);
  });

  it('open special addresses only when they name them', () => {
    const all = world({ egress: { mode: 'listed', allow: [{ cidr: '0.0.0.0/0' }] } });
    expect([...LOCAL.slice(0, 4), ...PRIVATE].filter((text) => all.reaches(text) !== undefined)).toEqual([]);
    expect(all.reaches('8.8.8.8')).toBe('8.8.8.8');
    // A block that is larger than the special one does not name it.
    expect(
      world({ egress: { mode: 'open', allow: [{ cidr: '168.0.0.0/6' }] } }).reaches('169.254.169.254'),
    ).toBeUndefined();
    const lan = world({ egress: { mode: 'public', allow: [{ cidr: '192.168.1.0/24', ports: 22 }] } });
    expect([lan.reaches('192.168.1.7', 22), lan.reaches('192.168.1.7', 23), lan.reaches('192.168.2.7', 22)]).toEqual([
      '192.168.1.7',
      undefined,
      undefined,
    ]);
    const metadata = world({ egress: { mode: 'open', allow: [{ cidr: '169.254.169.254', ports: 80 }] } });
    expect([metadata.reaches('169.254.169.254', 80), metadata.reaches('169.254.169.253', 80)]).toEqual([
      '169.254.169.254',
      undefined,
    ]);
  });

  it('allow by name the addresses that were found for it, for a while', () => {
    const { reaches, lookUp, host, clock } = world({
      egress: { mode: 'listed', allow: [{ name: 'Example.COM.' }, { name: '*.cdn.example', ports: 443 }] },
    });
    host.names.set('example.com', a('example.com', '93.184.216.34'));
    host.names.set('EXAMPLE.com', a('EXAMPLE.com', '93.184.216.35'));
    host.names.set('a.b.cdn.example', a('a.b.cdn.example', '7.7.7.7'));
    host.names.set('evil.example', a('evil.example', '6.6.6.6'));
    expect(reaches('93.184.216.34')).toBeUndefined();
    expect(lookUp('example.com')).toMatchObject({ code: 0, addresses: ['93.184.216.34'] });
    expect(lookUp('EXAMPLE.com')?.addresses).toEqual(['93.184.216.35']);
    expect(['93.184.216.34', '93.184.216.35'].map((text) => reaches(text, 99))).toEqual([
      '93.184.216.34',
      '93.184.216.35',
    ]);
    expect(lookUp('a.b.cdn.example')?.addresses).toEqual(['7.7.7.7']);
    expect([reaches('7.7.7.7', 443), reaches('7.7.7.7', 80)]).toEqual(['7.7.7.7', undefined]);
    // Names that no rule has are not even asked for: a question can carry a secret.
    expect(lookUp('evil.example')).toMatchObject({ code: p.DnsCode.refused, answers: [] });
    expect(lookUp('secret.cdn.example.evil.example')).toMatchObject({ code: p.DnsCode.refused });
    expect(lookUp('cdn.example')).toMatchObject({ code: p.DnsCode.refused });
    expect([reaches('6.6.6.6'), host.questions]).toEqual([undefined, []]);
    clock.advance(301 * SECOND);
    expect(reaches('93.184.216.34')).toBeUndefined();
    lookUp('example.com');
    expect(reaches('93.184.216.34')).toBe('93.184.216.34');
  });
});

describe('L6 a name that resolves to a forbidden address', () => {
  const forbidden = [
    '10.0.0.5',
    '192.168.0.1',
    '169.254.169.254',
    '127.0.0.1',
    '10.0.2.2',
    '10.0.2.3',
    '10.0.2.15',
    '0.0.0.0',
  ];

  it.each(['public', 'listed'] as const)('is shown without it in mode %s, and leads nowhere', (mode) => {
    const { reaches, lookUp, host } = world({ egress: { mode, allow: [{ name: 'rebind.example' }] } });
    host.names.set('rebind.example', [
      ...a('rebind.example', ...forbidden, '8.8.4.4'),
      mapped('rebind.example', '10.0.0.6'),
    ]);
    expect(lookUp('rebind.example')?.addresses).toEqual(['8.8.4.4']);
    for (const text of ['10.0.0.5', '10.0.0.6', '192.168.0.1', '169.254.169.254', '127.0.0.1']) {
      expect(reaches(text), text).toBeUndefined();
    }
    expect(reaches('8.8.4.4')).toBe('8.8.4.4');
    // The same name, a moment later: the classic of the kind.
    host.names.set('rebind.example', a('rebind.example', '169.254.169.254'));
    expect(lookUp('rebind.example')).toMatchObject({ code: 0, answers: [] });
    expect(reaches('169.254.169.254', 80)).toBeUndefined();
  });

  it('is shown private addresses in mode open, but none of one host and none of the own network', () => {
    const { lookUp, host } = world({});
    host.names.set('rebind.example', a('rebind.example', ...forbidden));
    expect(lookUp('rebind.example')?.addresses).toEqual(['10.0.0.5', '192.168.0.1']);
  });

  it('is taken for the IPv4 address that an IPv4-mapped one stands for', () => {
    const { lookUp, host, reaches } = world({ egress: { mode: 'listed', allow: [{ name: 'mapped.example' }] } });
    host.names.set('mapped.example', [
      mapped('mapped.example', '93.184.216.34'),
      mapped('mapped.example', '127.0.0.1'),
    ]);
    expect(lookUp('mapped.example')?.addresses).toEqual(['93.184.216.34']);
    expect(reaches('93.184.216.34')).toBe('93.184.216.34');
  });
});

describe('the DNS forwarder', () => {
  it('answers from the host, and says so as a resolver does', () => {
    const { lookUp, host, guest } = world({});
    lookUp('www.example', p.DnsType.mx);
    expect(host.questions).toMatchObject([{ name: 'www.example', type: p.DnsType.mx }]);
    const data = p.concatenate([Uint8Array.of(0, 10), p.encodeDnsName('mail.example')!]);
    host.questions[0].done({ code: 0, records: [{ name: 'www.example', type: 15, class: 1, ttl: 9, data }] });
    expect(p.parseDns(guest.datagrams[0].payload)).toEqual({
      id: 0x4242,
      response: true,
      opcode: 0,
      authoritative: false,
      truncated: false,
      recursionDesired: true,
      recursionAvailable: true,
      reserved: 0,
      code: 0,
      questions: [{ name: 'www.example', type: 15, class: 1 }],
      answers: [{ name: 'www.example', type: 15, class: 1, ttl: 9, data }],
      authorities: [],
      additionals: [],
    });
    lookUp('none.example');
    host.questions[1].done({ code: p.DnsCode.noSuchName, records: [] });
    expect(p.parseDns(guest.datagrams[0].payload)).toMatchObject({ code: 3, answers: [] });
  });

  it('has no IPv6 addresses, and says which questions it does not understand', () => {
    const { lookUp, host } = world({});
    expect(lookUp('www.example', p.DnsType.aaaa)).toMatchObject({ code: 0, answers: [] });
    expect(lookUp('x', 1, { opcode: 2 })).toMatchObject({ code: p.DnsCode.notImplemented });
    expect(lookUp('x', 1, { questions: [] })).toMatchObject({ code: p.DnsCode.badQuery });
    const question = { name: 'x', type: 1, class: 1 };
    expect(lookUp('x', 1, { questions: [question, question] })).toMatchObject({ code: p.DnsCode.badQuery });
    expect(lookUp('x', 1, { questions: [{ ...question, class: 3 }] })).toMatchObject({
      code: p.DnsCode.notImplemented,
    });
    expect(lookUp('x', 1, { response: true })).toBeUndefined();
    expect(host.questions).toEqual([]);
  });

  it('cuts an answer that is too long for a datagram, by what the guest takes', () => {
    const { lookUp, host } = world({});
    host.names.set('many.example', a('many.example', ...Array.from({ length: 60 }, (_, index) => `8.8.0.${index}`)));
    expect(lookUp('many.example')).toMatchObject({ truncated: true, answers: [] });
    const opt = (size: number) => ({
      additionals: [{ name: '', type: p.DnsType.opt, class: size, ttl: 0, data: new Uint8Array(0) }],
    });
    expect(lookUp('many.example', 1, opt(1200))).toMatchObject({
      truncated: false,
      additionals: [{ type: p.DnsType.opt }],
    });
    host.names.set('more.example', a('more.example', ...Array.from({ length: 200 }, (_, index) => `8.8.0.${index}`)));
    expect(lookUp('more.example', 1, opt(65_000))).toMatchObject({ truncated: true });
  });

  it('answers whole over TCP, several questions of one connection', async () => {
    const { guest, host, nat } = world({});
    host.names.set('more.example', a('more.example', ...Array.from({ length: 200 }, (_, index) => `8.8.0.${index}`)));
    const connection = guest.connect(DNS, 53);
    const framed = (message: Uint8Array) =>
      p.concatenate([Uint8Array.of(message.length >> 8, message.length), message]);
    const stream = p.concatenate([
      framed(query('more.example', 1)),
      framed(query('slow.example', 1)),
      framed(query('v6.example', 28)),
    ]);
    connection.write(stream.slice(0, 7));
    connection.write(stream.slice(7));
    connection.end();
    await guest.until(() => host.questions.length === 1 && connection.receivedBytes > 3200);
    expect(connection.ended).toBe(false);
    host.questions[0].done({ code: 0, records: a('slow.example', '9.9.9.9') });
    await guest.until(() => connection.ended);
    const answers: (p.DnsMessage | undefined)[] = [];
    const received = p.concatenate(connection.received);
    for (let at = 0; at < received.length; at += 2 + p.read16(received, at)) {
      answers.push(p.parseDns(received.subarray(at + 2, at + 2 + p.read16(received, at))));
    }
    expect(answers.map((message) => [message?.questions[0]?.name, message?.answers.length])).toEqual([
      ['more.example', 200],
      ['v6.example', 0],
      ['slow.example', 1],
    ]);
    await guest.until(() => nat.counters.connections === 0);
    expect(host.sockets).toEqual([]);
  });

  it('has so many questions open, and none after a reset', () => {
    const { lookUp, host, nat, guest } = world({ limits: { questions: 5 } });
    for (let count = 0; count < 5; count += 1) expect(lookUp(`name${count}.example`)).toBeUndefined();
    expect(lookUp('one.more.example')).toMatchObject({ code: p.DnsCode.serverFailure });
    expect(nat.counters.questions).toBe(5);
    nat.reset();
    expect(nat.counters.questions).toBe(0);
    guest.datagrams.length = 0;
    host.questions[0].done({ code: 0, records: [] });
    expect([guest.datagrams, nat.counters.questions]).toEqual([[], 0]);
  });
});

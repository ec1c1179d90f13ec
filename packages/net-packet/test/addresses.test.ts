import fc from 'fast-check';
import { isIPv4, isIPv6, SocketAddress } from 'node:net';
import { describe, expect, it } from 'vitest';
import * as a from '../src/index.ts';
import { ipv6, long, mac } from './arbitraries.ts';

describe('addresses as text', () => {
  it('come back as they were', () => {
    fc.assert(
      fc.property(mac, long, ipv6, (hardware, v4, v6) => {
        expect(a.parseMac(a.formatMac(hardware))).toBe(hardware);
        expect(a.parseIpv4Address(a.formatIpv4Address(v4))).toBe(v4);
        expect(a.parseIpv6Address(a.formatIpv6Address(v6))).toBe(v6);
      }),
    );
  });

  it('are what Node takes for one', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.string(), fc.stringMatching(/^[0-9.]{1,15}$/)), (text) => {
        expect(a.parseIpv4Address(text) !== undefined).toBe(isIPv4(text));
      }),
    );
    fc.assert(
      fc.property(fc.oneof(fc.ipV6(), fc.string(), fc.stringMatching(/^[0-9a-f:.]{1,20}$/)), (text) => {
        expect(a.parseIpv6Address(text) !== undefined).toBe(isIPv6(text));
      }),
    );
  });

  it('are written as Node writes them', () => {
    // Sparse addresses, so that runs of zeros occur.
    const sparse = fc
      .array(fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(0xffff)), { minLength: 8, maxLength: 8 })
      .map((groups) => groups.reduce((whole, group) => (whole << 16n) | BigInt(group), 0n));
    fc.assert(
      fc.property(sparse, (address) => {
        // Node writes the old IPv4-compatible addresses with dots; RFC 5952 asks that of mapped ones only.
        fc.pre(address >> 32n !== 0n);
        const text = a.formatIpv6Address(address);
        expect(new SocketAddress({ address: text, family: 'ipv6' }).address).toBe(text);
      }),
    );
  });

  it.each(['10.0.2', '10.0.2.256', '010.0.0.1', '1.2.3.4.5', '', '0x7f.1', '1.2.3.4 '])(
    '%j is no IPv4 address',
    (text) => expect(a.parseIpv4Address(text)).toBeUndefined(),
  );
});

describe('blocks', () => {
  it.each([
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['192.0.2.7', '192.0.2.7/32'],
    ['::ffff:10.0.0.0/104', '10.0.0.0/8'],
    ['::ffff:a9fe:a9fe', '169.254.169.254/32'],
  ])('%s is %s', (text, expected) => {
    const block = a.parseIpv4Block(text);
    expect(block && a.formatIpv4Block(block)).toBe(expected);
  });

  it.each([
    '10.0.0.1/8',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '::1/128',
    '::ffff:0:0/95',
    'x',
    '::ffff:10.0.0.0/95',
  ])('%s is none', (text) => expect(a.parseIpv4Block(text)).toBeUndefined());

  it('hold the addresses that share their first bits', () => {
    fc.assert(
      fc.property(long, fc.integer({ min: 0, max: 32 }), long, (seed, prefix, address) => {
        const mask = (0xffff_ffffn << BigInt(32 - prefix)) & 0xffff_ffffn;
        const base = Number(BigInt(seed) & mask);
        const expected = Number(BigInt(address) & mask) === base;
        expect(a.inBlock({ base, prefix }, address)).toBe(expected);
        expect(a.inBlock({ base, prefix }, base)).toBe(true);
      }),
    );
  });

  it('tell IPv4-mapped addresses from others', () => {
    expect(a.ipv4InIpv6(a.parseIpv6Address('::ffff:127.0.0.1')!)).toBe(0x7f00_0001);
    expect(a.ipv4InIpv6(a.parseIpv6Address('::127.0.0.1')!)).toBeUndefined();
    expect(a.isGroupMac(a.parseMac('01:00:5e:00:00:01')!)).toBe(true);
    expect(a.isGroupMac(a.parseMac('52:54:00:12:34:56')!)).toBe(false);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitArgument } from '../src/arguments/argument-fields.ts';
import { parseDiskArgument } from '../src/arguments/disk-argument.ts';
import { parseNetArgument } from '../src/arguments/net-argument.ts';
import { parseShareArgument } from '../src/arguments/share-argument.ts';
import { parseVsockArgument } from '../src/arguments/vsock-argument.ts';

describe('fields of an argument', () => {
  const fields = { flags: ['ro'], values: ['serial', 'tag'] };

  it('are told from commas in names', () => {
    const parts = splitArgument('a,b,rose,ro,tag=x,y,tag=z', fields);
    expect(parts.head).toBe('a,b,rose');
    expect(parts.has('ro')).toBe(true);
    expect(parts.all('tag')).toEqual(['x,y', 'z']);
    expect(parts.value('serial')).toBeUndefined();
  });

  it('give back what was put together', () => {
    const word = fc.string({ maxLength: 12 }).filter((text) => !text.includes(','));
    fc.assert(
      fc.property(word, fc.boolean(), fc.array(word, { maxLength: 3 }), (head, readOnly, tags) => {
        const text = [head, ...(readOnly ? ['ro'] : []), ...tags.map((tag) => `tag=${tag}`)].join(',');
        const parts = splitArgument(text, fields);
        expect([parts.head, parts.has('ro'), parts.all('tag')]).toEqual([head, readOnly, tags]);
      }),
    );
  });
});

describe('--disk', () => {
  it.each([
    ['a.img', { format: 'raw', formatByName: true }],
    ['a.qcow2', { format: 'qcow2', formatByName: true }],
    ['a.QCOW2,temporary', { format: 'qcow2', temporary: true }],
    ['a.img,format=qcow2,backing=/images', { format: 'qcow2', formatByName: false, backing: '/images' }],
    ['a.qcow2,format=raw', { format: 'raw', formatByName: false }],
  ])('reads %s', (text, expected) => {
    expect(parseDiskArgument(text)).toMatchObject(expected);
  });

  it.each([
    [',ro', 'names no file'],
    ['a,format=vmdk', 'vmdk'],
    ['a.img,backing=/images', 'based on no other'],
    ['a,serial=', 'serial number'],
  ])('refuses %s', (text, why) => {
    expect(parseDiskArgument(text)).toContain(why);
  });
});

describe('--net', () => {
  it('reads forwards, rules and addresses', () => {
    const text = [
      'user,mac=02:00:00:00:00:01,forward=8080:80,forward=udp:0.0.0.0:53:5353,forward=[::1]:0:22,isolated',
      'egress=listed,allow=*.debian.org:443,allow=tcp:192.168.1.0/24:20-22,allow=10.1.2.3,network=10.9.0.0/24,ping,dns=127.0.0.1:5353,dns=::1,pcap=a.pcapng',
    ].join(',');
    expect(parseNetArgument(text)).toEqual({
      kind: 'user',
      mac: '02:00:00:00:00:01',
      ping: true,
      dns: ['127.0.0.1:5353', '::1'],
      pcap: 'a.pcapng',
      nat: {
        network: '10.9.0.0/24',
        hostLoopback: false,
        forwards: [
          { hostPort: 8080, guestPort: 80 },
          { protocol: 'udp', host: '0.0.0.0', hostPort: 53, guestPort: 5353 },
          { host: '::1', hostPort: 0, guestPort: 22 },
        ],
        egress: {
          mode: 'listed',
          allow: [
            { name: '*.debian.org', ports: [443, 443] },
            { cidr: '192.168.1.0/24', protocol: 'tcp', ports: [20, 22] },
            { cidr: '10.1.2.3/32' },
          ],
        },
      },
    });
  });

  it('reads interfaces and links', () => {
    expect(parseNetArgument('tap,name=tap0,mac=02:00:00:00:00:01')).toMatchObject({ kind: 'tap', name: 'tap0' });
    expect(parseNetArgument('udp,local=[::1]:5001,remote=192.0.2.1:5002,pcap=a')).toEqual({
      kind: 'udp',
      local: { address: '::1', port: 5001 },
      remote: { address: '192.0.2.1', port: 5002 },
      mac: undefined,
      pcap: 'a',
    });
  });

  it.each([
    ['tap0', 'no kind of network'],
    ['bridge', 'there are user, tap, udp'],
    ['tap', 'names no interface'],
    ['tap,forward=80:80,name=a', 'means nothing'],
    ['udp,local=1', 'two ends'],
    ['udp,local=1,remote=x', 'two ends'],
    ['user,mac=1', 'address'],
    ['user,forward=80', 'forward'],
    ['user,forward=80:0', 'forward'],
    ['user,forward=70000:80', 'forward'],
    ['user,allow=x:5-4', 'allows'],
    ['user,egress=some', 'egress'],
    ['user,dns=example.org', 'name server'],
  ])('refuses %s', (text, why) => {
    expect(parseNetArgument(text)).toContain(why);
  });
});

describe('--share', () => {
  it.each([
    ['src/', { path: 'src/', tag: 'src', readOnly: false, protocol: 'virtiofs', cache: 'auto' }],
    ['/a,tag=b,ro,9p,cache=none', { path: '/a', tag: 'b', readOnly: true, protocol: '9p', cache: 'none' }],
    ['x,records=y', { records: 'y' }],
  ])('reads %s', (text, expected) => {
    expect(parseShareArgument(text)).toMatchObject(expected);
  });

  it.each([
    ['', 'names no directory'],
    ['/', 'tag'],
    [`x,tag=${'y'.repeat(37)}`, 'tag'],
    ['x,cache=some', 'cache'],
  ])('refuses %s', (text, why) => {
    expect(parseShareArgument(text)).toContain(why);
  });
});

describe('--vsock', () => {
  it('reads a path and an address', () => {
    expect(parseVsockArgument('/run/a,b,cid=7')).toEqual({ path: '/run/a,b', cid: 7 });
    expect(parseVsockArgument('s')).toEqual({ path: 's', cid: 3 });
  });

  it.each(['', 's,cid=2', 's,cid=4294967295', 's,cid=x'])('refuses "%s"', (text) => {
    expect(parseVsockArgument(text)).toBeTypeOf('string');
  });
});

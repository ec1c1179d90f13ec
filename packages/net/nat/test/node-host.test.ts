import { createSocket } from 'node:dgram';
import * as p from '@vivarium/net-packet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HostAnswer } from '../src/index.ts';
import { nodeHostNetwork } from '../src/node.ts';

const name = (text: string) => p.encodeDnsName(text)!;
const half = (value: number) => Uint8Array.of(value >> 8, value);
const string = (text: string) => p.concatenate([Uint8Array.of(text.length), new TextEncoder().encode(text)]);

/** What the server of the test says: type → data of the records. */
const ZONE: Readonly<Record<number, readonly Uint8Array[]>> = {
  [p.DnsType.a]: [Uint8Array.of(192, 0, 2, 1), Uint8Array.of(192, 0, 2, 2)],
  [p.DnsType.cname]: [name('other.test')],
  [p.DnsType.ns]: [name('ns.test')],
  [p.DnsType.ptr]: [name('host.test')],
  [p.DnsType.mx]: [p.concatenate([half(10), name('mail.test')])],
  [p.DnsType.txt]: [p.concatenate([string('one'), string('two')]), string('three')],
  [p.DnsType.srv]: [p.concatenate([half(1), half(2), half(5060), name('sip.test')])],
  [p.DnsType.soa]: [
    p.concatenate([name('ns.test'), name('root.test'), ...[1, 2, 3, 4, 5].map((value) => p.dhcpWord(value))]),
  ],
};

const server = createSocket('udp4');
let address = '';
beforeAll(async () => {
  server.on('message', (bytes, from) => {
    const query = p.parseDns(bytes)!;
    const [question] = query.questions;
    const known = question.name.toLowerCase() === 'zone.test';
    const answers = known ? (ZONE[question.type] ?? []).map((data) => ({ ...question, ttl: 77, data })) : [];
    const code = known
      ? p.DnsCode.ok
      : question.name === 'broken.test'
        ? p.DnsCode.serverFailure
        : p.DnsCode.noSuchName;
    const reply = p.buildDns({ ...query, response: true, code, answers, additionals: [] });
    server.send(reply!, from.port, from.address);
  });
  await new Promise<void>((resolve) => {
    server.bind(0, '127.0.0.1', resolve);
  });
  address = `127.0.0.1:${server.address().port}`;
});
afterAll(() => void server.close());

const ask = (question: string, type: number): Promise<HostAnswer> =>
  new Promise((resolve) => {
    nodeHostNetwork({ dnsServers: [address] }).resolve(question, type, resolve);
  });

describe("Node's resolver", () => {
  it.each(Object.entries(ZONE).map(([type, data]) => [Number(type), data] as const))(
    'gives records of type %d as they are on the wire',
    async (type, data) => {
      const { code, records } = await ask('zone.test', type);
      expect(code).toBe(0);
      expect(records.map((record) => Buffer.from(record.data).toString('hex')).sort()).toEqual(
        data.map((bytes) => Buffer.from(bytes).toString('hex')).sort(),
      );
      expect(records.every((record) => record.name === 'zone.test' && record.type === type)).toBe(true);
      if (type === p.DnsType.a) expect(records.map(({ ttl }) => ttl)).toEqual([77, 77]);
    },
  );

  it('gives codes for what is not there', async () => {
    expect(await ask('nowhere.test', p.DnsType.mx)).toEqual({ code: p.DnsCode.noSuchName, records: [] });
    expect(await ask('nowhere.test', p.DnsType.a)).toEqual({ code: p.DnsCode.noSuchName, records: [] });
    expect(await ask('broken.test', p.DnsType.txt)).toEqual({ code: p.DnsCode.serverFailure, records: [] });
    expect(await ask('zone.test', 65)).toEqual({ code: p.DnsCode.notImplemented, records: [] });
    expect((await ask('a..b', p.DnsType.a)).records).toEqual([]);
  });

  it("knows the host's own table", async () => {
    const { code, records } = await ask('localhost', p.DnsType.a);
    expect(code).toBe(0);
    expect(records.map(({ data }) => p.formatIpv4Address(p.read32(data, 0)))).toContain('127.0.0.1');
  });
});

describe("Node's sockets", () => {
  it('tell how a connection failed, and nothing after', async () => {
    const told: string[] = [];
    const events = {
      connected: () => void told.push('connected'),
      data: () => void told.push('data'),
      drained: () => void told.push('drained'),
      ended: () => void told.push('ended'),
      closed: () => void told.push('closed'),
    };
    const network = nodeHostNetwork();
    // A port that was free a moment ago.
    const listener = await network.tcpListen('127.0.0.1', 0, () => {});
    listener.close();
    await new Promise<void>((resolve) => {
      network.tcpConnect('127.0.0.1', listener.port, {
        ...events,
        failed: (failure) => {
          told.push(failure);
          resolve();
        },
      });
    });
    const socket = network.tcpConnect('127.0.0.1', listener.port, {
      ...events,
      failed: () => void told.push('failed'),
    });
    socket.reset();
    socket.write(Uint8Array.of(1));
    socket.end();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(told).toEqual(['refused']);
  });

  it('reset what nobody takes', async () => {
    const network = nodeHostNetwork();
    const listener = await network.tcpListen('127.0.0.1', 0, () => {});
    const failure = await new Promise<string>((resolve) => {
      network.tcpConnect('127.0.0.1', listener.port, {
        connected: () => {},
        data: () => {},
        drained: () => {},
        ended: () => resolve('ended'),
        closed: () => resolve('closed'),
        failed: resolve,
      });
    });
    expect(failure).toBe('reset');
    listener.close();
  });

  it('reject what cannot be listened on', async () => {
    const network = nodeHostNetwork();
    const udp = await network.udpListen('127.0.0.1', 0, { message: () => {}, failed: () => {} });
    const again = network.udpListen('127.0.0.1', udp.port, { message: () => {}, failed: () => {} });
    await expect(again).rejects.toMatchObject({ code: 'EADDRINUSE' });
    udp.close();
    udp.close();
    udp.send(Uint8Array.of(1), '127.0.0.1', 9);
    await expect(network.tcpListen('192.0.2.1', 0, () => {})).rejects.toThrow('EADDRNOTAVAIL');
  });

  it('ask the system for echoes when told to', async () => {
    expect(nodeHostNetwork().ping).toBeUndefined();
    const answered = await new Promise((resolve) => {
      nodeHostNetwork({ ping: 'command' }).ping?.('192.0.2.1.invalid', resolve);
    });
    expect(answered).toBe(false);
  });
});

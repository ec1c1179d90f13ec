import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { freePort } from '../src/node/free-port.ts';
import { openTapLink, openUdpLink } from '../src/node.ts';

/** The next datagram for which `wanted` holds. */
const next = (
  link: { listen(listener: (bytes: Uint8Array) => void): void },
  wanted: (bytes: Uint8Array) => boolean = () => true,
): Promise<Uint8Array> =>
  new Promise((resolve) => {
    link.listen((bytes) => {
      if (wanted(bytes)) resolve(bytes);
    });
  });

describe('a UDP link', () => {
  it('carries datagrams between its ends, and nobody else’s', async () => {
    const [one, two] = [await freePort(), await freePort()];
    await using first = await openUdpLink({ local: { port: one }, remote: { port: two } });
    // Nobody is at the other end yet.
    await new Promise<void>((resolve) => first.send(Uint8Array.of(1), resolve));
    await using second = await openUdpLink({ local: { port: two }, remote: { port: one } });
    const stranger = createSocket('udp4');
    await new Promise((resolve) => stranger.send(Uint8Array.of(9), two, '127.0.0.1', resolve));
    stranger.close();
    const received = next(second);
    // The host tells the next one that the first had nobody to go to, and so that one is lost.
    for (let sent = 0; sent < 2; sent += 1) {
      await new Promise<void>((resolve) => first.send(new Uint8Array(9000).fill(7), resolve));
    }
    expect((await received).length).toBe(9000);
    const back = next(first);
    second.send(Uint8Array.of(3), () => {});
    expect([...(await back)]).toEqual([3]);
  });

  it('is refused on a port that is taken', async () => {
    const port = await freePort();
    const link = await openUdpLink({ local: { port }, remote: { port: 9 } });
    const again = openUdpLink({ local: { port }, remote: { port: 9 } });
    await expect(again).rejects.toMatchObject({ code: 'VIV_DATAGRAM_SOCKET' });
    await link.close();
  });
});

/** Whether this process may make interfaces. */
const mayTap =
  existsSync('/dev/net/tun') && spawnSync('ip', ['tuntap', 'add', 'dev', 'vivprobe', 'mode', 'tap']).status === 0;
if (mayTap) spawnSync('ip', ['link', 'del', 'vivprobe']);

describe('a TAP link', () => {
  it('has a name that the kernel takes', async () => {
    await expect(openTapLink({ name: 'a/../b' })).rejects.toMatchObject({ code: 'VIV_DATAGRAM_TAP' });
  });

  it.skipIf(mayTap)('is refused to who may not', async () => {
    await expect(openTapLink({ name: 'vivtest0' })).rejects.toMatchObject({ code: 'VIV_DATAGRAM_TAP' });
  });

  it.runIf(mayTap)('is an interface of the host, which answers, and is gone afterwards', async () => {
    const name = `viv${process.pid % 100_000}`;
    const tap = await openTapLink({ name });
    expect(spawnSync('ip', ['address', 'add', '198.51.100.1/24', 'dev', name]).status).toBe(0);
    // Who has 198.51.100.1? Tell 198.51.100.2.
    const sender = [2, 0, 0, 0, 0, 9, 198, 51, 100, 2];
    const ask = [0, 1, 8, 0, 6, 4, 0, 1, ...sender, 0, 0, 0, 0, 0, 0, 198, 51, 100, 1];
    const answered = next(tap, (bytes) => bytes[12] === 8 && bytes[13] === 6 && bytes[21] === 2);
    tap.send(Uint8Array.from([...Array.from({ length: 6 }, () => 0xff), 2, 0, 0, 0, 0, 9, 8, 6, ...ask]), () => {});
    expect([...(await answered).subarray(28, 32)]).toEqual([198, 51, 100, 1]);
    await tap.close();
    expect(existsSync(`/sys/class/net/${name}`)).toBe(false);
  });
});

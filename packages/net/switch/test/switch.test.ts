import { BROADCAST_MAC, parseEthernet, parseMac, udpFrame } from '@vivarium/net-packet';
import { fakeClock, setupPart } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import plugin, { createSwitch, type SwitchOptions, type SwitchPortOptions, switchPort } from '../src/index.ts';
import { Station } from './station.ts';

const mac = (index: number) => 0x5254_0000_0000 + index;

const lanOf = (ports: readonly SwitchPortOptions[], options: SwitchOptions = {}) => {
  const clock = fakeClock(1_000_000_000_000_000_000n);
  const lan = createSwitch({ clock, ...options });
  const made = ports.map((port) => lan.port(port));
  const stations = made.map((port, index) => new Station(port, mac(index)));
  return { clock, lan, ports: made, stations };
};
/** What each station heard. */
const heard = (stations: readonly Station[]) => stations.map((station) => station.heard().join(' '));

describe('learning', () => {
  it('floods what it does not know, and then sends to the one port', () => {
    const { stations, lan } = lanOf([{}, {}, {}]);
    const [a, b, c] = stations as [Station, Station, Station];
    a.say(b.mac, 'anyone?');
    expect(heard(stations)).toEqual(['', 'anyone?', 'anyone?']);
    b.say(a.mac, 'me');
    a.say(b.mac, 'hello');
    expect(heard(stations)).toEqual(['me', 'hello', '']);
    c.say(BROADCAST_MAC, 'all');
    c.say(parseMac('01:00:5e:00:00:fb')!, 'group');
    expect(heard(stations)).toEqual(['all group', 'all group', '']);
    expect(lan.addressCount).toBe(3);
    expect(lan.addressesOf(lan.ports[1])).toEqual([{ vlan: 1, mac: b.mac }]);
  });

  it('follows a station that moves, and forgets one that is silent', () => {
    const { stations, ports, clock } = lanOf([{}, {}, {}], {
      addresses: { capacity: 100, perPort: 50, ageing: 300e9 },
    });
    const [a, b, c] = stations as [Station, Station, Station];
    b.say(BROADCAST_MAC, 'x');
    heard(stations);
    ports[2].send({ pieces: [b.frame(BROADCAST_MAC, 'moved')], length: 19 });
    heard(stations);
    a.say(b.mac, 'there');
    expect(heard(stations)).toEqual(['', '', 'there']);
    clock.advance(299e9);
    a.say(b.mac, 'still');
    expect(heard(stations)).toEqual(['', '', 'still']);
    clock.advance(2e9);
    a.say(b.mac, 'where?');
    expect(heard(stations)).toEqual(['', 'where?', 'where?']);
    c.say(a.mac, 'x');
    ports[0].setLink(false);
    ports[0].setLink(true);
    heard(stations);
    b.say(a.mac, 'again');
    expect(heard(stations)).toEqual(['again', '', 'again']);
  });

  it('is not hurt by a station that makes up addresses', () => {
    const { lan, stations, ports } = lanOf([{}, {}, {}], { addresses: { capacity: 300, perPort: 200, ageing: 300e9 } });
    const [a, b, c] = stations as [Station, Station, Station];
    b.say(BROADCAST_MAC, 'x');
    for (let count = 0; count < 5000; count += 1) {
      const frame = c.frame(BROADCAST_MAC, '');
      frame.set([2, 0, count >> 16, count >> 8, count, 9], 6);
      ports[2].send({ pieces: [frame], length: frame.length });
    }
    expect(lan.addressCount).toBe(201);
    expect(lan.addressesOf(ports[2])).toHaveLength(200);
    heard(stations);
    a.say(b.mac, 'you');
    expect(heard(stations)).toEqual(['', 'you', '']);
    // The table as a whole is bounded, too, at the cost of whoever fills it.
    for (let count = 0; count < 5000; count += 1) {
      const frame = a.frame(BROADCAST_MAC, '');
      frame.set([6, 0, count >> 16, count >> 8, count, 9], 6);
      ports[0].send({ pieces: [frame], length: frame.length });
    }
    expect(lan.addressCount).toBe(300);
    expect(lan.addressesOf(ports[1])).toEqual([{ vlan: 1, mac: b.mac }]);
  });

  it('drops what is not for others, and counts why', () => {
    const { stations, ports } = lanOf([{}, {}]);
    const [a, b] = stations as [Station, Station];
    a.say(parseMac('01:80:c2:00:00:0e')!, 'lldp');
    a.say(a.mac, 'myself');
    const broken = a.frame(b.mac, 'group source');
    broken[6] = 1;
    ports[0].send({ pieces: [broken], length: broken.length });
    ports[0].send({ pieces: [new Uint8Array(13)], length: 13 });
    ports[0].send({ pieces: [a.frame(b.mac, '', 5).subarray(0, 16)], length: 16 });
    a.say(b.mac, 'tagged', 1);
    a.say(b.mac, 'x'.repeat(1505));
    expect(heard(stations)).toEqual(['', '']);
    expect(ports[0].counters).toMatchObject({
      sendDrops: { filtered: 2, source: 1, short: 2, vlan: 1, oversize: 1 },
      receivedFrames: 0,
    });
    a.say(b.mac, 'x'.repeat(1500));
    expect(b.heard()[0]).toHaveLength(1500);
    expect(ports[1].counters).toMatchObject({ receivedFrames: 1, receivedBytes: 1514 });
  });
});

describe('VLANs', () => {
  const ports = [{ vlan: 10 }, { vlan: 20 }, { vlan: 10 }, { trunk: 'all' as const }, { vlan: 20, trunk: [10, 30] }];

  it('keep frames apart, push and pop tags', () => {
    const { stations } = lanOf(ports);
    const [a, b, , trunk, mixed] = stations as [Station, Station, Station, Station, Station];
    a.say(BROADCAST_MAC, 'ten');
    const [seen] = trunk.frames;
    expect(parseEthernet(seen.pieces[0])?.header).toMatchObject({ tag: { id: 10, priority: 0 }, type: 0x88b5 });
    expect(seen.length).toBe(14 + 4 + 3);
    expect(heard(stations)).toEqual(['', '', 'ten', 'ten', 'ten']);
    b.say(BROADCAST_MAC, 'twenty');
    expect(mixed.frames[0].length).toBe(14 + 6);
    expect(heard(stations)).toEqual(['', '', '', 'twenty', 'twenty']);
    trunk.say(BROADCAST_MAC, 'tagged ten', 10);
    expect(parseEthernet(mixed.frames[0].pieces[0])?.header.tag).toEqual({
      id: 10,
      priority: 5,
      dropEligible: false,
    });
    expect(heard(stations)).toEqual(['tagged ten', '', 'tagged ten', '', 'tagged ten']);
    trunk.say(BROADCAST_MAC, 'native');
    expect(heard(stations)).toEqual(['', '', '', '', '']);
    mixed.say(BROADCAST_MAC, 'no such', 40);
    mixed.say(BROADCAST_MAC, 'priority', 0);
    expect(heard(stations)).toEqual(['', 'priority', '', 'priority', '']);
  });

  it('learn the same address apart', () => {
    const { stations } = lanOf(ports);
    const [a, b, , trunk] = stations as [Station, Station, Station, Station];
    trunk.say(BROADCAST_MAC, 'x', 10);
    trunk.say(BROADCAST_MAC, 'x', 20);
    heard(stations);
    a.say(trunk.mac, 'from ten');
    b.say(trunk.mac, 'from twenty');
    expect(heard(stations)).toEqual(['', '', '', 'from ten from twenty', '']);
    expect(trunk.say(a.mac, 'unknown there', 30)).toBe(true);
    expect(heard(stations)).toEqual(['', '', '', '', 'unknown there']);
  });

  it('move the offsets of a checksum, and cut segments before a tag', () => {
    const { stations, ports: made } = lanOf([{ vlan: 10 }, { trunk: 'all' }, { vlan: 10 }]);
    const [a, trunk, same] = stations as [Station, Station, Station];
    trunk.accepts = { checksum: true, tcp4: true };
    same.accepts = trunk.accepts;
    const datagram = udpFrame(
      { sourceMac: a.mac, destinationMac: BROADCAST_MAC, source: 1, destination: 2 },
      1,
      2,
      new Uint8Array(5),
    );
    const offload = { checksum: { start: 34, offset: 6 } };
    made[0].send({ pieces: [datagram], length: datagram.length, offload });
    expect(trunk.frames[0]).toMatchObject({
      offload: { checksum: { start: 38, offset: 6 } },
      length: datagram.length + 4,
    });
    expect(same.frames[0]).toMatchObject({ offload, length: datagram.length });
    trunk.accepts = {};
    made[0].send({ pieces: [datagram], length: datagram.length, offload });
    expect(trunk.frames[1].offload).toBeUndefined();
  });

  it.each<SwitchPortOptions>([
    { vlan: 0 },
    { vlan: 4095 },
    { trunk: [1.5] },
    { mirror: 'all', vlan: 3 },
    { mirror: 'all', isolated: true },
    { mirror: [createSwitch().port()] },
  ])('refuse %o', (options) => {
    expect(() => createSwitch().port(options)).toThrow(expect.objectContaining({ code: 'VIV_SWITCH_PORT' }));
  });
});

describe('isolated ports', () => {
  it('reach only those that are not', () => {
    const { stations } = lanOf([{ isolated: true }, { isolated: true }, {}]);
    const [a, b, c] = stations as [Station, Station, Station];
    for (const station of stations) station.say(BROADCAST_MAC, `${station.mac - mac(0)}`);
    expect(heard(stations)).toEqual(['2', '2', '0 1']);
    a.say(b.mac, 'x');
    a.say(c.mac, 'y');
    c.say(a.mac, 'z');
    expect(heard(stations)).toEqual(['z', '', 'y']);
  });
});

describe('mirror ports', () => {
  it('hear everything, or what some ports send and are sent, and say nothing', () => {
    const { lan, ports, stations, clock } = lanOf([{}, {}, { vlan: 5 }]);
    const [a, b, c] = stations as [Station, Station, Station];
    const all = new Station(lan.port({ mirror: 'all' }), mac(8));
    const some = new Station(lan.port({ mirror: [ports[1]] }), mac(9));
    a.say(BROADCAST_MAC, 'one');
    c.say(BROADCAST_MAC, 'two');
    b.say(a.mac, 'three');
    all.say(BROADCAST_MAC, 'silence');
    clock.advance(1e6);
    expect(heard([...stations, all, some])).toEqual(['three', 'one', '', 'one two three', 'one three']);
  });
});

describe('links', () => {
  it('drop what is sent while they are down, and tell the device', () => {
    const { stations, ports } = lanOf([{}, {}]);
    const [a, b] = stations as [Station, Station];
    ports[1].setLink(false);
    ports[1].setLink(false);
    expect([ports[1].linkUp, b.links]).toEqual([false, [false]]);
    expect([a.say(b.mac, 'lost'), b.say(a.mac, 'lost')]).toEqual([true, true]);
    ports[1].setLink(true);
    a.say(b.mac, 'found');
    expect(heard(stations)).toEqual(['', 'found']);
    expect(ports[1].counters).toMatchObject({ sendDrops: { link: 1 }, receiveDrops: { link: 1 } });
  });

  it('keep nothing for a device that was unplugged, or whose port was taken out', () => {
    const { lan, stations, ports } = lanOf([{}, {}, {}]);
    const [a, b] = stations as [Station, Station];
    ports[1].unplug();
    a.say(b.mac, 'x');
    lan.remove(ports[2]);
    a.say(BROADCAST_MAC, 'x');
    stations[2].say(BROADCAST_MAC, 'ghost');
    expect(heard(stations)).toEqual(['', '', 'x']);
    expect(ports[2].counters.receivedFrames).toBe(1);
    lan.dispose();
    expect(lan.ports).toEqual([]);
  });
});

describe('captures', () => {
  it('copy what passes, finished, with time and direction, until they end or throw', () => {
    const { stations, ports, clock } = lanOf([{}, {}]);
    const [a, b] = stations as [Station, Station];
    b.accepts = { checksum: true };
    clock.advance(5);
    const seen: unknown[] = [];
    const stop = ports[1].capture((packet) => seen.push(packet));
    ports[1].capture(() => {
      throw new Error('disk full');
    });
    const frame = udpFrame(
      { sourceMac: a.mac, destinationMac: b.mac, source: 1, destination: 2 },
      1,
      2,
      new Uint8Array(5),
    );
    const right = frame.slice();
    // The sum of the pseudo header, which the device is to complete.
    frame.set([0, 1 + 2 + 17 + 13], 40);
    ports[0].send({ pieces: [frame], length: frame.length, offload: { checksum: { start: 34, offset: 6 } } });
    b.say(a.mac, 'hi');
    expect(seen).toEqual([
      { time: 1_000_000_000_000_000_005n, direction: 'in', bytes: right },
      { time: 1_000_000_000_000_000_005n, direction: 'out', bytes: b.frame(a.mac, 'hi') },
    ]);
    stop();
    a.say(b.mac, 'x');
    expect(seen).toHaveLength(2);
  });
});

describe('the plugin', () => {
  it('is a port, which it flushes at reset and leaves at dispose', async () => {
    expect(plugin).toBe(switchPort);
    const lan = createSwitch({ clock: fakeClock() });
    const port = lan.port();
    const { part } = await setupPart(switchPort, { options: { port } });
    const station = new Station(port, mac(1));
    station.room = 0;
    const other = new Station(lan.port(), mac(2));
    other.say(BROADCAST_MAC, 'before');
    await part.reset?.();
    station.room = 9;
    port.resume();
    other.say(BROADCAST_MAC, 'after');
    expect(station.heard()).toEqual(['after']);
    await part.pause?.();
    other.say(BROADCAST_MAC, 'while paused');
    expect(station.heard()).toEqual([]);
    await part.resume?.();
    expect(station.heard()).toEqual(['while paused']);
    await part.dispose?.();
    other.say(BROADCAST_MAC, 'gone');
    expect(station.heard()).toEqual([]);
  });

  it.each([{}, { port: 7 }, { port: null }, { port: {} }])('refuses %o', async (options) => {
    await expect(setupPart(switchPort, { options })).rejects.toMatchObject({ code: 'VIV_TESTKIT_SETUP' });
  });
});

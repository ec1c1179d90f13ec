import { createCableEnd, type CableEnd } from '@vivarium/net-cable';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { LanClient } from '../src/page/lan-client.ts';
import { Lan } from '../src/switch/lan.ts';
import { MOST_SEATS, type SwitchCommand, type SwitchStatus } from '../src/switch/protocol.ts';

const closing: { close(): void }[] = [];

afterEach(() => {
  for (const one of closing.splice(0)) one.close();
});

/** A page on the switch, over a channel like that of a shared worker. */
const join = (lan: Lan) => {
  const { port1, port2 } = new MessageChannel();
  closing.push(port1, port2);
  port2.addEventListener('message', ({ data }: MessageEvent<SwitchCommand>) => lan.obey(port2, data));
  port2.start();
  const told: SwitchStatus[] = [];
  const client = new LanClient({ status: (status) => told.push(status), failed: () => {} }, () => ({
    port: port1,
    shared: true,
    onFailure: () => {},
  }));
  lan.join(port2);
  return {
    client,
    status: () => told.at(-1)?.seats.map(({ number, own, up }) => [number, own, up]),
    sent: (number: number) => told.at(-1)?.seats.find((seat) => seat.number === number)?.sent,
  };
};

/** The machine at the end of a cable: what it heard, and how it says something. */
const machine = (channel: MessagePort, number: number) => {
  const cable: CableEnd = createCableEnd({ channel });
  closing.push(cable);
  const heard: number[] = [];
  cable.connect({
    accepts: {},
    receive: ({ pieces }) => {
      heard.push(pieces[0]?.[14] ?? -1);
      return true;
    },
    drained: () => {},
    linkChanged: () => {},
  });
  const say = (what: number): void => {
    // To everybody, from this number.
    const bytes = Uint8Array.from([...new Uint8Array(6).fill(0xff), 2, 0, 0, 0, 0, number, 0x88, 0xb5, what]);
    cable.send({ pieces: [bytes], length: bytes.length });
  };
  return { cable, heard, say };
};

const machineOf = async (client: LanClient) => {
  const { number, network } = await client.plug();
  return { number, words: network.words, mac: network.mac, ...machine(network.channel, number) };
};

describe('the switch of the pages', () => {
  it('connects machines of several pages, each with a number of its own', async () => {
    const lan = new Lan();
    const one = join(lan);
    const other = join(lan);
    const machines = [await machineOf(one.client), await machineOf(other.client), await machineOf(one.client)];
    expect(machines.map(({ number, mac }) => [number, mac])).toEqual([
      [1, '02:76:69:76:00:01'],
      [2, '02:76:69:76:00:02'],
      [3, '02:76:69:76:00:03'],
    ]);
    expect(machines[2]?.words).toBe('quiet ip=10.0.2.103::10.0.2.2:255.255.255.0:guest3:eth0:off:10.0.2.3');
    const up = [
      [1, true, true],
      [2, false, true],
      [3, true, true],
    ];
    await vi.waitUntil(() => machines.every(({ cable }) => cable.linkUp));
    await vi.waitFor(() => expect(one.status()).toEqual(up));
    machines[1]?.say(42);
    await vi.waitFor(() => expect(machines.map(({ heard }) => heard)).toEqual([[42], [], [42]]));
  });

  it('pulls the cable of a machine for its own page alone', async () => {
    const lan = new Lan();
    const one = join(lan);
    const other = join(lan);
    const [first, second] = [await machineOf(one.client), await machineOf(other.client)];
    await vi.waitUntil(() => first.cable.linkUp && second.cable.linkUp);
    other.client.setLink(1, false);
    other.client.unplug(1);
    one.client.setLink(1, false);
    await vi.waitUntil(() => !first.cable.linkUp);
    second.say(1);
    await vi.waitUntil(() => one.sent(2) === 1, { timeout: 10_000 });
    one.client.setLink(1, true);
    await vi.waitUntil(() => first.cable.linkUp);
    second.say(2);
    await vi.waitFor(() => expect(first.heard).toEqual([2]));
  });

  it('gives a number again when its machine, or its page, has gone', async () => {
    const lan = new Lan();
    const one = join(lan);
    const other = join(lan);
    const first = await machineOf(one.client);
    await machineOf(one.client);
    await machineOf(other.client);
    first.cable.close();
    await vi.waitFor(() => expect(other.status()?.map(([number]) => number)).toEqual([2, 3]));
    one.client.leave();
    await vi.waitFor(() => expect(other.status()?.map(([number]) => number)).toEqual([3]));
    expect((await machineOf(other.client)).number).toBe(1);
  });

  it('has so many ports, and takes back those of machines that are not there', async () => {
    const lan = new Lan();
    const { client } = join(lan);
    const machines: Awaited<ReturnType<typeof machineOf>>[] = [];
    for (let count = 0; count < MOST_SEATS; count += 1) machines.push(await machineOf(client));
    await vi.waitUntil(() => machines.every(({ cable }) => cable.linkUp));
    await expect(client.plug()).rejects.toMatchObject({ code: 'VIV_SHELL_SWITCH' });
    // A machine that never came up.
    client.unplug(7);
    await client.plug();
    expect((await client.plug()).number).toBe(7);
  });
});

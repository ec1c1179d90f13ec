import type { NetFrame, NetHandlers } from '@vivarium/contracts';
import { frameOf, tcpFrame } from '@vivarium/net-packet';
import { describe, expect, it } from 'vitest';
import { createUplink, SUBPROTOCOL, type UplinkOptions } from '../src/index.ts';
import { FakeSocket, fakeLater } from './fake-socket.ts';

class Device implements NetHandlers {
  readonly accepts = {};
  readonly lengths: number[] = [];
  readonly links: boolean[] = [];
  drains = 0;

  receive({ length }: NetFrame): boolean {
    this.lengths.push(length);
    return true;
  }

  drained(): void {
    this.drains += 1;
  }

  linkChanged(up: boolean): void {
    this.links.push(up);
  }
}

const setup = (options: Partial<UplinkOptions> = {}) => {
  const sockets: FakeSocket[] = [];
  const timers = fakeLater();
  const uplink = createUplink({
    url: 'wss://relay.test/uplink',
    token: 'a-token-of-some-length',
    random: () => 1,
    later: timers.later,
    open: (_url, protocols) => {
      const socket = new FakeSocket(protocols);
      sockets.push(socket);
      return socket;
    },
    ...options,
  });
  const device = new Device();
  uplink.connect(device);
  const states: string[] = [];
  uplink.onState((state, error) => states.push(error === undefined ? state : `${state}: ${error.message}`));
  const last = (): FakeSocket => sockets.at(-1) ?? new FakeSocket([]);
  return { uplink, device, sockets, timers, states, last };
};

const frame = frameOf(new Uint8Array(60));

describe('an uplink', () => {
  it('offers its token where no log has it, and is up once the socket is open', () => {
    const { uplink, device, last } = setup();
    expect([last().protocols, last().binaryType]).toEqual([
      [SUBPROTOCOL, 'vivarium.token.a-token-of-some-length'],
      'arraybuffer',
    ]);
    expect([uplink.linkUp, uplink.send(frame), uplink.counters.sendDrops]).toEqual([false, true, { link: 1 }]);
    last().tell('open');
    expect([uplink.linkUp, device.links, uplink.send(frame), last().sent.length]).toEqual([true, [true], true, 1]);
  });

  it('opens another socket when one is lost, later each time, until the relay answers', () => {
    const { uplink, device, sockets, timers, states, last } = setup();
    const pauses: number[] = [];
    for (let count = 0; count < 9; count += 1) {
      last().tell('error');
      last().tell('close', { code: 1006, reason: '' });
      pauses.push(...timers.pauses());
      timers.expire();
    }
    expect(pauses).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
    expect(states.slice(0, 2)).toEqual(['waiting: wss://relay.test/uplink cannot be opened (code 1006)', 'connecting']);
    last().tell('open');
    last().message(new Uint8Array(60));
    last().tell('close', { code: 1001, reason: 'the relay closes' });
    expect(states.at(-1)).toBe('waiting: wss://relay.test/uplink was closed (code 1001: the relay closes)');
    expect([timers.pauses(), device.links, sockets.length]).toEqual([[500], [true, false], 10]);
    expect(uplink.linkUp).toBe(false);
  });

  it('says nothing to a socket of an earlier life', () => {
    const { uplink, device, sockets, timers } = setup();
    sockets[0]?.tell('close', {});
    timers.expire();
    sockets[1]?.tell('open');
    sockets[0]?.message(new Uint8Array(60));
    sockets[0]?.tell('close', {});
    expect([uplink.linkUp, device.lengths]).toEqual([true, []]);
  });

  it('waits when there can be no socket at all', () => {
    const { uplink, timers } = setup({
      open: () => {
        throw new Error('insecure');
      },
    });
    expect([uplink.state, timers.pauses()]).toEqual(['waiting', [500]]);
  });

  it('makes a device wait while the socket has much to send', () => {
    const { uplink, device, timers, last } = setup({ buffer: 1000 });
    last().tell('open');
    let taken = 0;
    while (uplink.send(frame)) taken += 1;
    expect([taken, device.drains]).toEqual([17, 0]);
    timers.expire();
    expect(device.drains).toBe(0);
    last().bufferedAmount = 0;
    timers.expire();
    expect([device.drains, uplink.send(frame)]).toEqual([1, true]);
  });

  it('lets a device off that waits when the socket is lost', () => {
    const { uplink, device, last } = setup({ buffer: 1 });
    last().tell('open');
    uplink.send(frame);
    expect(uplink.send(frame)).toBe(false);
    last().tell('close', {});
    expect([device.drains, uplink.send(frame)]).toEqual([1, true]);
  });

  it('sends frames as they are on a wire', () => {
    const { uplink, last } = setup();
    last().tell('open');
    const ends = { sourceMac: 0x5254_0000_0001, destinationMac: 0x5254_0000_0002, source: 1, destination: 2 };
    const header = { sourcePort: 1, destinationPort: 2, sequence: 0, acknowledgment: 0, flags: 0x10, window: 1 };
    const segment = (size: number): NetFrame => ({
      ...frameOf(tcpFrame(ends, header, new Uint8Array(4000))),
      offload: { segment: { protocol: 'tcp4', size, headerLength: 54 } },
    });
    uplink.send(segment(1460));
    expect(last().sent.map(({ length }) => length)).toEqual([1514, 1514, 1134]);
    uplink.send(segment(3000));
    expect(uplink.counters.sendDrops).toEqual({ oversize: 1 });
  });

  it('takes frames, and nothing else', () => {
    const { uplink, device, last } = setup();
    last().tell('open');
    last().tell('message', { data: 'hello' });
    last().message(new Uint8Array(13));
    last().message(new Uint8Array(1519));
    last().message(new Uint8Array(1518));
    expect([device.lengths, uplink.counters.receiveDrops]).toEqual([[1518], { malformed: 1, short: 1, oversize: 1 }]);
  });

  it('is closed for good', () => {
    const { uplink, device, timers, sockets, last } = setup();
    last().tell('open');
    uplink.close();
    last().tell('close', {});
    timers.expire();
    expect([uplink.state, last().closed, device.links, sockets.length]).toEqual(['closed', true, [true, false], 1]);
  });

  it.each([
    ['url', { url: 'https://relay.test' }],
    ['token', { token: 'short' }],
    ['token', { token: 'with a space in the midst' }],
  ])('refuses a wrong %s', (path, options) => {
    expect(() => setup(options)).toThrow(path);
  });
});

import type { VirtioRequest } from '@vivarium/contracts';
import { fakeVirtioQueue, hostileSuite } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import { seededEntropy, VirtioRng } from '../src/index.ts';

describe('a hostile driver of the entropy device', () => {
  const subject = () => ({
    device: new VirtioRng(() => seededEntropy(1)),
    probe: { queue: 0, writable: [64], answered: (written: Uint8Array) => written.some((byte) => byte !== 0) },
  });
  it.each(hostileSuite(subject))('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});

describe('G19 a request for entropy', () => {
  const bench = (piece = Number.POSITIVE_INFINITY) => {
    const device = new VirtioRng(() => seededEntropy(1));
    const queue = fakeVirtioQueue({ piece });
    device.activate(0n, [queue]);
    return {
      device,
      queue,
      ask: (room: number, given = 0) => {
        const request = queue.submit(new Uint8Array(given), room);
        device.notified();
        return request;
      },
    };
  };

  it('with nothing to write to comes back empty, and what it gives is not touched', () => {
    const { ask } = bench();
    const request = ask(0, 100);
    const views = request.readable();
    expect([request.written, views]).toEqual([0, []]);
    expect(ask(64).answer.some((byte) => byte !== 0)).toBe(true);
  });

  it.each([1, 63, 64, 65_536])('of %d bytes is filled whole, however it is cut, and in order', (room) => {
    const answer = bench().ask(room).answer;
    expect(answer.length).toBe(room);
    for (const piece of [1, 3, 4096]) expect(bench(piece).ask(room).answer).toEqual(answer);
  });

  it('of four gigabytes is filled in part: the work for it has a cap', () => {
    const { device, queue } = bench();
    let most = 0;
    const huge: VirtioRequest = {
      ...{ readableLength: 0, writableLength: 0xffff_ffff, live: true },
      readable: () => [],
      writable: (offset = 0, length = 0xffff_ffff) => {
        most = Math.max(most, offset + length);
        return [new Uint8Array(Math.min(length, 1 << 24))];
      },
      read: () => new Uint8Array(0),
      write: () => 0,
    };
    let written = -1;
    const requests = [huge];
    device.activate(0n, [
      { ...queue, take: () => requests.shift(), complete: (_request, count) => void (written = count) },
    ]);
    device.notified();
    expect([most, written]).toEqual([65_536, 65_536]);
  });
});

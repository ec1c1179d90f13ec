import {
  type CellChannel,
  type CellLink,
  CellService,
  type ChannelHandlers,
  inlineCells,
  RemoteCell,
} from '@vivarium/host';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainEvent } from '../../src/cells/plain.ts';
import { encodeFrame, FrameDecoder } from '../../src/node/frames.ts';
import { program } from './cell-suite.ts';

/** One end of a channel in the hands of a test. */
class Puppet implements CellChannel {
  readonly backlog = 0;
  readonly sent: { readonly kind?: string; readonly id?: number }[] = [];
  open = true;
  #handlers: ChannelHandlers | undefined;
  #heard: (() => void) | undefined;

  listen(handlers: ChannelHandlers): void {
    this.#handlers = handlers;
  }

  send(message: object): void {
    this.sent.push(message);
    this.#heard?.();
  }

  close(): void {
    this.open = false;
  }

  /** The other side says something. */
  say(message: unknown): void {
    this.#handlers?.message(message);
  }

  async until(kind: string): Promise<void> {
    while (!this.sent.some((message) => message.kind === kind)) {
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
  }
}

const FACTS = {
  architecture: 'riscv64',
  vcpus: 1,
  memory: 4096,
  consoles: ['console0'],
  canPowerOff: false,
  hardware: { vcpus: 1, memory: 4096, slots: 0, devices: [] },
};
const STATS = { instructions: 1, slices: 1, idleMilliseconds: 0, wallMilliseconds: 1 };

/** A host whose cell is the test. */
const rogue = async () => {
  const channel = new Puppet();
  let killed = 0;
  const link: CellLink = {
    channel,
    died: new Promise(() => {}),
    kill: async () => {
      killed++;
    },
    clean: async () => {},
  };
  const creating = RemoteCell.create(link, { module: 'file:///machine.js' });
  channel.say({ kind: 'hello', protocol: 2, state: 'empty' });
  channel.say({ kind: 'answer', id: 1, facts: FACTS });
  return { channel, cell: await creating, killed: () => killed };
};

describe('a host', () => {
  it.each([
    ['nothing', undefined],
    ['no message', { kind: 'surprise' }],
    ['another protocol', { kind: 'hello', protocol: 3, state: 'running', facts: FACTS }],
    ['a console that there is not', { kind: 'output', console: 'other', bytes: new Uint8Array(1), lost: 0 }],
    ['more than a piece', { kind: 'output', console: 'console0', bytes: new Uint8Array(70_000), lost: 0 }],
    ['text for bytes', { kind: 'output', console: 'console0', bytes: 'text', lost: 0 }],
    ['input taken that was never sent', { kind: 'taken', console: 'console0', count: 1 }],
    ['a negative count', { kind: 'beat', state: 'running', stats: { ...STATS, instructions: -1 } }],
    [
      'a fault that is none',
      { kind: 'ended', end: { kind: 'fault', fault: { code: 'x', message: '' } }, stats: STATS },
    ],
    ['an endless message', { kind: 'answer', id: 7, error: { code: 'x', message: 'x'.repeat(10_000) } }],
  ])('ends a cell that sends %s', async (_, message) => {
    const { channel, cell, killed } = await rogue();
    channel.say(message);
    expect(await cell.ended).toMatchObject({ kind: 'crashed', error: { code: 'VIV_CELL_PROTOCOL' } });
    expect(killed()).toBe(1);
    await expect(cell.pause()).rejects.toMatchObject({ code: 'VIV_CELL_ENDED' });
  });

  it('hears a flood of events, answers to nobody and news of the dead without harm', async () => {
    const { channel, cell } = await rogue();
    let heard = 0;
    cell.onEvent(() => {
      heard++;
      throw new Error('a listener fails');
    });
    for (let count = 0; count < 10_000; count++) channel.say({ kind: 'event', name: 'log', event: {} });
    expect(heard).toBeLessThan(5000);
    channel.say({ kind: 'answer', id: 99, stats: STATS });
    channel.say({ kind: 'beat', state: 'ended', stats: STATS });
    expect(cell.state).not.toBe('ended');
    channel.say({ kind: 'ended', end: { kind: 'power-off' }, stats: STATS });
    channel.say({ kind: 'ended', end: { kind: 'stopped' }, stats: STATS });
    channel.say({ kind: 'surprise' });
    expect(await cell.ended).toEqual({ kind: 'power-off' });
    await cell[Symbol.asyncDispose]();
  });

  it('bounds the questions that a cell leaves open', async () => {
    const { cell } = await rogue();
    const asked = Array.from({ length: 300 }, () => cell.reset());
    await expect(asked[299]).rejects.toMatchObject({ code: 'VIV_CELL_DEADLINE' });
    const others = Promise.allSettled(asked);
    await cell.kill();
    const ended = (await others).filter(
      (result) => result.status === 'rejected' && (result.reason as { code: string }).code === 'VIV_CELL_ENDED',
    );
    expect(ended).toHaveLength(256);
  });
});

describe('a cell', () => {
  const served = async () => {
    const channel = new Puppet();
    let closed = 0;
    const service = new CellService();
    service.connect(channel, () => closed++);
    const create = { kind: 'create', id: 1, protocol: 2, name: 'm', beat: 1000, cell: {} };
    channel.say({ ...create, recipe: program('sleep') });
    await channel.until('answer');
    return { channel, service, create, closed: () => closed };
  };

  it.each([
    ['nothing', undefined],
    ['no message', { kind: 'surprise' }],
    ['input for a console that there is not', { kind: 'input', console: 'other', bytes: new Uint8Array(1) }],
    [
      'a second machine',
      { kind: 'create', id: 2, protocol: 2, name: 'm', beat: 1000, cell: {}, recipe: program('spin') },
    ],
  ])('closes its channel to a host that sends %s', async (_, message) => {
    const { channel, service, closed } = await served();
    channel.say(message);
    expect(closed()).toBe(1);
    expect(channel.open).toBe(false);
    await service[Symbol.asyncDispose]();
  });

  it('does so, too, when it is sent more input than it has said it takes', async () => {
    const { channel, service, closed } = await served();
    for (let count = 0; count < 8; count++) {
      channel.say({ kind: 'input', console: 'console0', bytes: new Uint8Array(60_000) });
    }
    expect(closed()).toBe(1);
    await service[Symbol.asyncDispose]();
  });

  it('hears one host at a time', async () => {
    const { service, closed } = await served();
    const second = new Puppet();
    let refused = 0;
    service.connect(second, () => refused++);
    expect([refused, second.open, closed()]).toEqual([1, false, 0]);
    await service[Symbol.asyncDispose]();
  });
});

describe('frames', () => {
  const message = fc.record({
    kind: fc.string(),
    text: fc.string({ unit: 'binary' }),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 2000 }),
  });

  it('come out as they went in, however the stream is cut', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 6 }), fc.array(fc.integer({ min: 1, max: 700 })), (messages, cuts) => {
        const stream = Buffer.concat(messages.map(encodeFrame));
        const decoder = new FrameDecoder();
        const out: unknown[] = [];
        let at = 0;
        for (const length of [...cuts, stream.length]) {
          out.push(...decoder.push(stream.subarray(at, at + length)));
          at += length;
        }
        expect(out).toEqual(messages);
      }),
    );
  });

  it('that are too large are refused before they are there', () => {
    const header = Buffer.alloc(8);
    header.writeUInt32LE(0xffff_ffff, 0);
    expect(() => new FrameDecoder().push(header)).toThrow('too large');
    header.writeUInt32LE(2, 0);
    header.writeUInt32LE(1 << 20, 4);
    expect(() => new FrameDecoder().push(header)).toThrow('too large');
  });

  it('of anything throw or give messages', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          for (const each of new FrameDecoder().push(bytes)) expect(each).toBeTypeOf('object');
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
    );
  });
});

describe('an event on its way', () => {
  it('is plain, bounded JSON, whatever it was', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withDate: true, withMap: true, maxDepth: 8 }), (event) => {
        expect((JSON.stringify(plainEvent(event)) ?? '').length).toBeLessThan(600_000);
      }),
    );
    const wide = Array.from({ length: 100 }, () => Array.from({ length: 100 }, () => 'x'.repeat(5000)));
    expect(JSON.stringify(plainEvent(wide)).length).toBeLessThan(300_000);
    const circle: unknown[] = [];
    circle.push(circle, circle, circle);
    expect(() => JSON.stringify(plainEvent(circle))).not.toThrow();
  });
});

describe('a leased cell', () => {
  it('runs its guest while it is granted a pCPU, and tells when there is nothing more to grant', async () => {
    const link = await inlineCells().launch({ name: 'leased', limits: {} });
    await using cell = await RemoteCell.create(link, program('spin'), { leased: true });
    const woken: number[] = [];
    const ready = new Promise<void>((resolve) => {
      cell.lease?.onWake((vcpu) => {
        woken.push(vcpu);
        resolve();
      });
    });
    await cell.start();
    await ready;
    woken.length = 0;
    const stint = await cell.lease?.grant(0, 2_000_000);
    expect(stint?.next).toBe('ready');
    expect(stint?.ranFor).toBeGreaterThan(0);
    const { instructions } = await cell.measure();
    expect(instructions).toBeGreaterThan(0);
    expect((await cell.measure()).instructions).toBe(instructions);
    await expect(cell.lease?.grant(7, 1000)).rejects.toMatchObject({ code: 'VIV_CELL_LEASE' });
    const open = cell.lease?.grant(0, 600_000_000_000);
    await cell.kill();
    expect(await open).toEqual({ ranFor: 0, next: 'ended' });
    expect(await cell.lease?.grant(0, 1000)).toEqual({ ranFor: 0, next: 'ended' });
    expect(woken).toEqual([0]);
  });
});

import type { NetBackend, NetFrame, NetHandlers } from '@vivarium/contracts';
import { describe, expect, it } from 'vitest';
import { type NetBackendSubject, netBackendSuite } from '../src/index.ts';

const CAPACITY = 64;
const MAGIC = 0x99;

/** A network that sends questions back, written to be broken one method at a time. */
class Mirror implements NetBackend {
  readonly accepts = {};
  linkUp = true;
  handlers: NetHandlers | undefined;
  waiting: Uint8Array[] = [];
  blocked = false;
  pumping = false;

  send(frame: NetFrame): boolean {
    const whole = this.copy(frame);
    if (this.isQuestion(whole, frame) && this.waiting.length < CAPACITY) this.waiting.push(whole);
    this.pump();
    return true;
  }
  copy(frame: NetFrame): Uint8Array {
    return Uint8Array.from(frame.pieces.flatMap((piece) => [...piece]));
  }
  isQuestion(whole: Uint8Array, frame: NetFrame): boolean {
    return whole.length === 20 && frame.length === 20 && frame.offload === undefined && whole[12] === MAGIC;
  }
  connect(handlers: NetHandlers): void {
    this.handlers = handlers;
    this.blocked = false;
    this.waiting = [];
  }
  resume(): void {
    this.blocked = false;
    this.pump();
  }
  pump(): void {
    if (this.pumping) return;
    this.pumping = true;
    while (!this.blocked && this.handlers !== undefined) {
      const next = this.waiting[0];
      if (next === undefined) break;
      if (this.handlers.receive({ pieces: [next], length: next.length })) this.waiting.shift();
      else this.blocked = true;
    }
    this.pumping = false;
  }
}

const question = (index: number) =>
  Uint8Array.from({ length: 20 }, (_, at) =>
    at === 12 ? MAGIC : at === 14 ? index >> 8 : at === 15 ? index & 0xff : 1,
  );

const subjectOf = (backend: NetBackend): NetBackendSubject => ({
  backend,
  question,
  isAnswer: (index, frame) => String(frame) === String(question(index)),
});

const failing = async (make: () => NetBackendSubject): Promise<string[]> => {
  const failed: string[] = [];
  for (const { id, run } of netBackendSuite(make)) {
    await run().catch((error: unknown) => {
      expect(error).toMatchObject({ code: 'VIV_TESTKIT_FAILED' });
      failed.push(id.replace('net-backend/', ''));
    });
  }
  return failed;
};
const broken = (change: (mirror: Mirror) => object) => () => {
  const mirror = new Mirror();
  return subjectOf(Object.assign(mirror, change(mirror)));
};

describe('netBackendSuite', () => {
  it('passes a backend that keeps the contract', async () => {
    expect(await failing(broken(() => ({})))).toEqual([]);
  });

  it.each<[string, string[], () => NetBackendSubject]>([
    ['has an MTU of nothing', ['shape'], broken(() => ({ mtu: 0 }))],
    [
      'throws before it is connected',
      ['unplugged'],
      broken((mirror) => ({
        resume: () => {
          if (mirror.handlers === undefined) throw new Error('no device');
          mirror.blocked = false;
          mirror.pump();
        },
      })),
    ],
    [
      'throws for a frame that is cut short',
      ['hostile'],
      broken(() => ({
        isQuestion: (whole: Uint8Array) => {
          if (whole.length < 14) throw new Error('short');
          return whole[12] === MAGIC && whole.length === 20;
        },
      })),
    ],
    ['sends back anything of any length', ['hostile'], broken(() => ({ isQuestion: () => true }))],
    [
      'reads the first piece alone',
      ['pieces'],
      broken(() => ({
        copy: ({ pieces }: NetFrame) => Uint8Array.from(pieces.find(({ length }) => length > 0) ?? []),
      })),
    ],
    [
      'loses a frame that is refused',
      ['refused', 'copies'],
      broken((mirror) => ({
        pump: () => {
          const next = mirror.waiting.shift();
          if (next !== undefined) mirror.handlers?.receive({ pieces: [next], length: next.length });
        },
      })),
    ],
    [
      'keeps on offering what is refused',
      ['refused'],
      broken((mirror) => ({
        send: (frame: NetFrame) => {
          mirror.blocked = false;
          return Mirror.prototype.send.call(mirror, frame);
        },
      })),
    ],
    [
      'sends one frame for each resume and forgets the rest',
      ['step'],
      broken((mirror) => ({
        resume: () => {
          mirror.blocked = false;
          mirror.pump();
          mirror.waiting.splice(3);
        },
      })),
    ],
    [
      'keeps everything for a device without room',
      ['flood'],
      broken((mirror) => ({
        send: (frame: NetFrame) => {
          mirror.waiting.push(mirror.copy(frame));
          mirror.pump();
          return true;
        },
      })),
    ],
    [
      'never says that it has drained',
      ['flood'],
      broken((mirror) => ({
        send: (frame: NetFrame) => mirror.waiting.length < CAPACITY && Mirror.prototype.send.call(mirror, frame),
      })),
    ],
    [
      "keeps the device's buffer",
      ['copies'],
      broken(() => ({
        copy: ({ pieces: [first = new Uint8Array(0)], length }: NetFrame) =>
          first.length === length ? first : new Uint8Array(0),
      })),
    ],
    [
      'answers from within, one inside of the other',
      ['nested'],
      broken((mirror) => ({
        pump: () => {
          for (;;) {
            const next = mirror.blocked ? undefined : mirror.waiting.shift();
            if (next === undefined) return;
            if (mirror.handlers?.receive({ pieces: [next], length: next.length }) === true) continue;
            mirror.waiting.unshift(next);
            mirror.blocked = true;
          }
        },
      })),
    ],
    [
      'stays with its first device',
      ['reconnect'],
      broken((mirror) => ({
        connect: (handlers: NetHandlers) => {
          mirror.handlers ??= handlers;
        },
      })),
    ],
    [
      'lies about the length of frames',
      ['hostile', 'unplugged', 'reconnect'],
      broken((mirror) => ({
        pump: () => {
          const next = mirror.waiting.shift();
          if (next !== undefined) mirror.handlers?.receive({ pieces: [next], length: next.length + 1 });
        },
      })),
    ],
  ])('fails a backend that %s', async (_what, expected, make) => {
    const failed = await failing(make);
    for (const id of expected) expect(failed).toContain(id);
  });
});

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OUTPUT_WINDOW } from '../src/protocol.ts';
import { OutputWindow } from '../src/worker/output-window.ts';
import { FakePort } from './char-port.ts';

const yielded = (): Promise<void> => Promise.resolve();

describe('output on its way to the page', () => {
  it('goes in one piece for all that was written before the machine yields', async () => {
    const port = new FakePort();
    const sent: Uint8Array[] = [];
    const window = new OutputWindow(port, (bytes) => sent.push(bytes));
    port.output(Uint8Array.of(1));
    port.output(Uint8Array.of(2, 3));
    expect(sent).toEqual([]);
    await yielded();
    expect(sent).toEqual([Uint8Array.of(1, 2, 3)]);
    port.output(Uint8Array.of(4));
    await yielded();
    expect(sent).toEqual([Uint8Array.of(1, 2, 3), Uint8Array.of(4)]);
    window.close();
  });

  it('makes the guest wait at the window, and go on when half of it has been shown', async () => {
    const port = new FakePort();
    const window = new OutputWindow(port, () => {});
    expect(port.output(new Uint8Array(OUTPUT_WINDOW - 1))).toBe(true);
    expect(port.holds).toBe(0);
    expect(port.output(new Uint8Array(1))).toBe(true);
    expect(port.holds).toBe(1);
    await yielded();
    window.shown(OUTPUT_WINDOW / 2 - 1);
    expect(port.holds).toBe(1);
    window.shown(1);
    expect(port.holds).toBe(0);
  });

  it('is whole, in order, and never more than the window and one write ahead of the page', async () => {
    const write = fc.record({ kind: fc.constant('write' as const), length: fc.integer({ min: 1, max: 100_000 }) });
    const show = fc.record({ kind: fc.constant('show' as const), pieces: fc.integer({ min: 1, max: 4 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(write, show), { maxLength: 60 }), async (steps) => {
        const port = new FakePort();
        const unshown: number[] = [];
        let next = 0;
        let arrived = 0;
        const window = new OutputWindow(port, (bytes) => {
          expect(bytes.every((byte) => byte === (arrived++ & 0xff))).toBe(true);
          unshown.push(bytes.length);
        });
        for (const step of steps) {
          if (step.kind === 'write') {
            const bytes = Uint8Array.from({ length: step.length }, (_, index) => (next + index) & 0xff);
            if (port.output(bytes)) next += step.length;
          } else {
            await yielded();
            for (const count of unshown.splice(0, step.pieces)) window.shown(count);
          }
          expect(unshown.reduce((sum, count) => sum + count, 0)).toBeLessThan(OUTPUT_WINDOW + 100_000);
        }
        await yielded();
        expect(arrived).toBe(next);
      }),
      { numRuns: 30 },
    );
  });

  it('ends when the page has caught up with a guest that was made to wait', async () => {
    const port = new FakePort();
    const window = new OutputWindow(port, () => {});
    port.output(new Uint8Array(OUTPUT_WINDOW));
    let finished = false;
    const finish = (async () => {
      await window.finish();
      finished = true;
    })();
    await yielded();
    expect(finished).toBe(false);
    window.shown(OUTPUT_WINDOW);
    await finish;
    expect(port.holds).toBe(0);
  });

  it('lets go of the port', () => {
    const port = new FakePort();
    const sent: Uint8Array[] = [];
    const window = new OutputWindow(port, (bytes) => sent.push(bytes));
    port.output(new Uint8Array(OUTPUT_WINDOW));
    window.close();
    expect(sent.map(({ length }) => length)).toEqual([OUTPUT_WINDOW]);
    expect([port.holds, port.listeners]).toEqual([0, 0]);
  });
});

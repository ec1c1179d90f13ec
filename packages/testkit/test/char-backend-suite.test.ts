import type { CharHandlers } from '@vivarium/contracts';
import { describe, expect, it } from 'vitest';
import { type CharBackendSubject, charBackendSuite, fakeCharBackend } from '../src/index.ts';

const CAPACITY = 1024;

/** A small backend with a port, written to be broken one method at a time. */
class Wire {
  input: number[] = [];
  kept: number[] = [];
  handlers: CharHandlers | undefined;
  listeners = new Set<(bytes: Uint8Array) => void>();
  writables = new Set<() => void>();
  refused = false;

  holds = 0;
  drained = true;

  write(bytes: Uint8Array): number {
    if (this.holds > 0) {
      this.drained = false;
      return 0;
    }
    const copy = bytes.slice();
    this.kept = [...this.kept, ...copy.subarray(-CAPACITY)].slice(-CAPACITY);
    for (const listener of this.listeners) listener(copy);
    return bytes.length;
  }
  connect(handlers: CharHandlers): void {
    this.handlers = handlers;
    this.resume();
  }
  resume(): void {
    if (this.handlers === undefined || this.input.length === 0) return;
    this.input.splice(0, this.handlers.receive(Uint8Array.from(this.input)));
    this.tellWritable();
  }
  tellWritable(): void {
    if (!this.refused || this.input.length >= CAPACITY) return;
    this.refused = false;
    for (const listener of this.writables) listener();
  }
  send(bytes: Uint8Array): number {
    const taken = Math.min(bytes.length, CAPACITY - this.input.length);
    this.input.push(...bytes.subarray(0, taken));
    if (taken < bytes.length) this.refused = true;
    this.resume();
    return taken;
  }
  onOutput(listener: (bytes: Uint8Array) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }
  onWritable(listener: () => void): () => void {
    this.writables.add(listener);
    return () => void this.writables.delete(listener);
  }
  holdOutput(): () => void {
    this.holds++;
    let held = true;
    return () => {
      if (held) this.holds--;
      held = false;
      this.flow();
    };
  }
  flow(): void {
    if (this.holds > 0 || this.drained) return;
    this.drained = true;
    this.handlers?.drained();
  }
  scrollback(): Uint8Array {
    return Uint8Array.from(this.kept);
  }
}

const failing = async (make: () => CharBackendSubject): Promise<string[]> => {
  const failed: string[] = [];
  for (const { id, run } of charBackendSuite(make)) {
    await run().catch((error: unknown) => {
      expect(error).toMatchObject({ code: 'VIV_TESTKIT_FAILED' });
      failed.push(id.replace('char-backend/', ''));
    });
  }
  return failed;
};
const wire = (change: (wire: Wire) => Partial<Wire>) => () => {
  const subject = new Wire();
  Object.assign(subject, change(subject));
  return { backend: subject, port: subject };
};

describe('charBackendSuite', () => {
  it('passes a backend that keeps the contract, with and without a port', async () => {
    expect(await failing(wire(() => ({})))).toEqual([]);
    expect(await failing(() => ({ backend: new Wire() }))).toEqual([]);
  });

  it('passes the fake backend, but for a flood, which a fake keeps', async () => {
    const [write] = charBackendSuite(() => ({ backend: fakeCharBackend() }));
    await expect(write?.run()).resolves.toBeUndefined();
  });

  it.each<[string, string[], () => CharBackendSubject]>([
    ['takes more than it is given', ['write', 'flood'], wire(() => ({ write: (bytes) => bytes.length + 1 }))],
    [
      'throws when the guest floods it',
      ['flood'],
      wire(({ kept }) => ({
        write: (bytes) => {
          if (kept.push(bytes.length) > 60) throw new Error('full');
          return bytes.length;
        },
      })),
    ],
    [
      'gives the buffer of the device away',
      ['output'],
      wire((self) => ({
        write: (bytes) => {
          for (const listener of self.listeners) listener(bytes);
          return bytes.length;
        },
      })),
    ],
    [
      'keeps calling a listener that was removed',
      ['output'],
      wire((self) => ({
        onOutput: (listener) => {
          self.listeners.add(listener);
          return () => {};
        },
      })),
    ],
    ['takes output that is held', ['hold'], wire(() => ({ holdOutput: () => () => {} }))],
    ['never asks for what it refused', ['hold'], wire(() => ({ flow: () => {} }))],
    [
      'counts a release twice',
      ['hold'],
      wire((self) => ({
        holdOutput: () => {
          self.holds++;
          return () => {
            self.holds--;
            self.flow();
          };
        },
      })),
    ],
    [
      'keeps all output',
      ['scrollback'],
      wire(() => {
        let length = 0;
        return {
          write: (bytes) => ((length += bytes.length), bytes.length),
          scrollback: () => ({ length, [Symbol.iterator]: () => [].values() }) as never,
        };
      }),
    ],
    [
      'loses what the device did not take',
      ['input'],
      wire((self) => ({
        resume: () => {
          self.handlers?.receive(Uint8Array.from(self.input));
          self.input.length = 0;
        },
      })),
    ],
    [
      'sends twice',
      ['input'],
      wire((self) => ({
        resume: () => {
          const [first] = self.input;
          if (first !== undefined) self.handlers?.receive(Uint8Array.of(first));
          self.input.splice(0, self.handlers?.receive(Uint8Array.from(self.input)) ?? 0);
        },
      })),
    ],
    [
      'loses what comes before the device',
      ['input-early'],
      wire((self) => ({
        connect: (handlers) => {
          self.input.length = 0;
          self.handlers = handlers;
        },
      })),
    ],
    ['takes input without end', ['input-bounded'], wire(() => ({ send: (bytes) => bytes.length }))],
    ['never says that it has room', ['input-bounded'], wire(() => ({ tellWritable: () => {} }))],
  ])('fails a backend that %s', async (_what, expected, make) => {
    const failed = await failing(make);
    for (const id of expected) expect(failed).toContain(id);
  });
});

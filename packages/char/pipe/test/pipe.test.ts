import {
  type CharBackend,
  CharBackendToken,
  type CharHandlers,
  CharPortToken,
  type SetupContext,
} from '@vivarium/contracts';
import { describe, expect, it } from 'vitest';
import plugin, { charPipe, charPipeOptions, Pipe } from '../src/index.ts';

const text = (string: string) => new TextEncoder().encode(string);
const string = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

const makePipe = (capacity = 64) => {
  const failures: unknown[] = [];
  const pipe = new Pipe({
    inputCapacity: capacity,
    scrollbackCapacity: capacity,
    onListenerFailure: (error) => failures.push(error),
  });
  return { pipe, failures };
};

/** A device with a FIFO of `room` bytes, and one that writes `pending` as soon as it may. */
class FakeDevice implements CharHandlers {
  readonly received: number[] = [];
  room = Number.POSITIVE_INFINITY;
  pending = new Uint8Array(0);
  readonly #backend: CharBackend;

  constructor(backend: CharBackend) {
    this.#backend = backend;
    backend.connect(this);
  }

  receive(bytes: Uint8Array): number {
    const taken = Math.min(this.room, bytes.length);
    this.room -= taken;
    this.received.push(...bytes.subarray(0, taken));
    return taken;
  }

  drained(): void {
    this.pending = this.pending.slice(this.#backend.write(this.pending));
  }
}

describe('output of the guest', () => {
  it('reaches every listener at once, as a copy', () => {
    const { pipe } = makePipe();
    const heard: Uint8Array[] = [];
    const stop = pipe.onOutput((bytes) => heard.push(bytes));
    pipe.onOutput((bytes) => heard.push(bytes));
    const buffer = text('hello');
    expect(pipe.write(buffer)).toBe(5);
    buffer.fill(0);
    expect(heard.map(string)).toEqual(['hello', 'hello']);
    stop();
    pipe.write(text('!'));
    expect(heard.length).toBe(3);
  });

  it('L2 keeps the newest bytes for late viewers, and no more than the cap', () => {
    const { pipe } = makePipe(8);
    pipe.write(text('0123'));
    expect(string(pipe.scrollback())).toBe('0123');
    pipe.write(text('456789'));
    expect(string(pipe.scrollback())).toBe('23456789');
    pipe.write(text('a line longer than all of it'));
    expect(string(pipe.scrollback())).toBe('ll of it');
  });

  it('goes on when a listener throws, and reports it', () => {
    const { pipe, failures } = makePipe();
    const heard: string[] = [];
    pipe.onOutput(() => {
      throw new Error('broken terminal');
    });
    pipe.onOutput((bytes) => heard.push(string(bytes)));
    expect(pipe.write(text('x'))).toBe(1);
    expect(heard).toEqual(['x']);
    expect(failures).toEqual([new Error('broken terminal')]);
  });

  it('waits in the guest while held, until the last hold is released', () => {
    const { pipe } = makePipe();
    const device = new FakeDevice(pipe);
    const heard: string[] = [];
    pipe.onOutput((bytes) => heard.push(string(bytes)));
    const first = pipe.holdOutput();
    const second = pipe.holdOutput();
    device.pending = text('later');
    device.drained();
    first();
    first();
    expect(heard).toEqual([]);
    second();
    expect(heard).toEqual(['later']);
    expect(device.pending.length).toBe(0);
  });

  it('L2 does not grow the host in a flood: a held flood is refused, a free one makes room', () => {
    const { pipe } = makePipe(1024);
    const line = text(`${'flood '.repeat(20)}\n`);
    let delivered = 0;
    let release = () => {};
    pipe.onOutput((bytes) => {
      delivered += bytes.length;
      if (delivered > 100_000) release = pipe.holdOutput();
    });
    let taken = 0;
    for (let count = 0; count < 100_000; count += 1) taken += pipe.write(line);
    expect(taken).toBe(delivered);
    expect(delivered).toBeLessThan(100_000 + 2 * line.length);
    expect(pipe.scrollback().length).toBe(1024);
    release();
    expect(pipe.write(line)).toBe(line.length);
  });
});

describe('input to the guest', () => {
  it('reaches the device as far as it takes it, and the rest when it resumes', () => {
    const { pipe } = makePipe();
    const device = new FakeDevice(pipe);
    device.room = 3;
    expect(pipe.send(text('abcdef'))).toBe(6);
    expect(String.fromCharCode(...device.received)).toBe('abc');
    device.room = 100;
    pipe.resume();
    expect(String.fromCharCode(...device.received)).toBe('abcdef');
  });

  it('waits for a device that is not there yet', () => {
    const { pipe } = makePipe();
    pipe.send(text('early'));
    const device = new FakeDevice(pipe);
    expect(String.fromCharCode(...device.received)).toBe('early');
  });

  it('L3 is refused beyond the cap, and the sender is told when there is room', () => {
    const { pipe } = makePipe(8);
    const device = new FakeDevice(pipe);
    device.room = 0;
    let told = 0;
    pipe.onWritable(() => {
      told += 1;
    });
    expect(pipe.send(text('0123456789'))).toBe(8);
    expect(pipe.send(text('x'))).toBe(0);
    expect(told).toBe(0);
    device.room = 2;
    pipe.resume();
    expect(told).toBe(1);
    device.room = 2;
    pipe.resume();
    expect(told).toBe(1);
  });

  it('keeps the order over the end of its ring', () => {
    const { pipe } = makePipe(5);
    const device = new FakeDevice(pipe);
    let sent = '';
    for (let count = 0; count < 50; count += 1) {
      const piece = String.fromCharCode(65 + (count % 26)).repeat(1 + (count % 3));
      sent += piece.slice(0, pipe.send(text(piece)));
      device.room = count % 4;
      pipe.resume();
    }
    device.room = 100;
    pipe.resume();
    expect(String.fromCharCode(...device.received)).toBe(sent);
  });

  it.each([Number.NaN, -1, 1e9])('survives a device that says it took %d', (answer) => {
    const { pipe } = makePipe();
    let calls = 0;
    pipe.connect({
      receive: () => {
        calls += 1;
        return answer;
      },
      drained: () => {},
    });
    expect(pipe.send(text('abc'))).toBe(3);
    expect(calls).toBe(1);
  });

  it('lets a listener answer from within (an echo)', () => {
    const { pipe } = makePipe();
    const device = new FakeDevice(pipe);
    pipe.onOutput((bytes) => pipe.send(bytes));
    pipe.write(text('echo'));
    expect(String.fromCharCode(...device.received)).toBe('echo');
  });
});

describe('the pipe plugin', () => {
  it('offers both ends of one pipe and unplugs everything at dispose', async () => {
    expect(plugin).toBe(charPipe);
    const options = charPipeOptions.parse(undefined);
    expect(options).toEqual({ inputCapacity: 65_536, scrollbackCapacity: 262_144 });
    const log: string[] = [];
    const part = await charPipe.setup({
      options,
      log: { error: (message: string) => log.push(message) },
    } as unknown as SetupContext<typeof options>);
    const [backend, port] = [CharBackendToken, CharPortToken].map(
      (token) => part.provides?.find((binding) => binding.token.id === token.id)?.value as Pipe,
    );
    let heard = 0;
    port.onOutput(() => {
      heard += 1;
      throw new Error('no');
    });
    backend.write(text('x'));
    expect(log).toEqual(['a listener of the character stream failed']);
    await part.dispose?.();
    backend.write(text('x'));
    expect(heard).toBe(1);
  });

  it('takes one device', () => {
    const { pipe } = makePipe();
    new FakeDevice(pipe);
    expect(() => new FakeDevice(pipe)).toThrow(expect.objectContaining({ code: 'VIV_CHAR_CONNECTED' }));
  });

  it.each([{ inputCapacity: 0 }, { scrollbackCapacity: 2 ** 40 }, { size: 3 }])('refuses %o', (options) => {
    expect(charPipeOptions.safeParse(options).success).toBe(false);
  });
});

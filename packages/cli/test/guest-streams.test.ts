import { EventEmitter } from 'node:events';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Agent, type AgentMessage } from '../src/agent.ts';
import { Captured } from '../src/captured.ts';
import { GuestInput } from '../src/guest-input.ts';
import { GuestOutput } from '../src/guest-output.ts';
import { FakePort } from './support/fake-port.ts';

class FakeSource {
  paused = false;
  pause(): void {
    this.paused = true;
  }
  resume(): void {
    this.paused = false;
  }
}

describe('input', () => {
  it('arrives whole and in order, however the guest reads', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), fc.array(fc.nat(20)), (pieces, reads) => {
        const port = new FakePort();
        port.room = 0;
        const input = new GuestInput(port, new FakeSource());
        for (const [index, piece] of pieces.entries()) {
          input.send(piece);
          port.take(reads[index] ?? 0);
        }
        port.take(Number.MAX_SAFE_INTEGER);
        expect(port.received).toEqual(pieces.flatMap((piece) => [...piece]));
      }),
    );
  });

  it('of a large paste to a guest that does not read pauses the source, and goes on when it reads', () => {
    const port = new FakePort();
    port.room = 0;
    const source = new FakeSource();
    const input = new GuestInput(port, source);
    let sent = 0;
    while (!source.paused) {
      input.send(new Uint8Array(65536));
      sent += 65536;
    }
    expect(sent).toBe((1 << 20) + 65536);
    port.take(sent - (1 << 19) - 1);
    expect(source.paused).toBe(true);
    port.take(1);
    expect(source.paused).toBe(false);
    input.close();
    expect(port.listeners).toBe(0);
  });
});

class FakeSink extends EventEmitter {
  readonly written: string[] = [];
  full = false;
  write(bytes: Uint8Array): boolean {
    this.written.push(Buffer.from(bytes).toString());
    return !this.full;
  }
}

describe('output', () => {
  it('L2 makes the guest wait while the reader is slow', () => {
    const port = new FakePort();
    const sink = new FakeSink();
    const output = new GuestOutput(port, sink);
    sink.full = true;
    expect(port.write('a')).toBe(true);
    expect(port.write('b')).toBe(false);
    sink.full = false;
    sink.emit('drain');
    expect(port.write('b')).toBe(true);
    expect(sink.written).toEqual(['a', 'b']);
    output.close();
    expect(port.listeners + port.holds + sink.listenerCount('drain')).toBe(0);
  });

  it('is finished when the reader has taken what was held back', async () => {
    const port = new FakePort();
    const sink = new FakeSink();
    const output = new GuestOutput(port, sink);
    sink.full = true;
    port.write('a');
    let finished = false;
    const finish = async (): Promise<void> => {
      await output.finish();
      finished = true;
    };
    const done = finish();
    await Promise.resolve();
    expect(finished).toBe(false);
    sink.emit('drain');
    await done;
    expect(port.listeners + port.holds).toBe(0);
  });

  it('L3 kept for --json has a cap', () => {
    const captured = new Captured();
    for (let piece = 0; piece < 20; piece++) captured.write(new Uint8Array(1 << 20).fill(0x61));
    expect(captured.truncated).toBe(true);
    expect(captured.text.length).toBe(16 << 20);
  });
});

describe('the agent', () => {
  const hear = (...pieces: string[]): AgentMessage[] => {
    const port = new FakePort();
    const heard: AgentMessage[] = [];
    new Agent(port, (message) => heard.push(message));
    for (const piece of pieces) port.write(piece);
    return heard;
  };

  it('is understood however its lines are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20)), (cuts) => {
        const text = 'ready\r\nexit 7\n';
        const places = [0, ...cuts.map((cut) => Math.min(cut, text.length)).sort((a, b) => a - b), text.length];
        const pieces = places.slice(1).map((end, index) => text.slice(places[index], end));
        expect(hear(...pieces)).toEqual([{ kind: 'ready' }, { kind: 'exit', code: 7 }]);
      }),
    );
  });

  it('may say anything without harm', () => {
    expect(hear('exit\nexit 1000\nexit -1\nrm -rf\n\n', 'x'.repeat(1e6), '\nexit 3\n')).toEqual([
      { kind: 'exit', code: 3 },
    ]);
  });

  it('is told the size of the terminal', () => {
    const port = new FakePort();
    new Agent(port, () => {}).resize(132, 43);
    expect(port.text).toBe('resize 132 43\n');
  });
});

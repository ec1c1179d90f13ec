import { afterEach, describe, expect, it, vi } from 'vitest';
import { MachineWorker } from '../src/page/machine-worker.ts';
import type { Command, MachineEvent, Report } from '../src/protocol.ts';

/** A worker that hears commands and reports what the test says. */
class FakeWorker extends EventTarget {
  readonly heard: Command[] = [];
  terminated = false;

  postMessage(command: Command, transfer: Transferable[]): void {
    this.heard.push(structuredClone(command, { transfer }));
  }

  report(report: Report): void {
    this.dispatchEvent(new MessageEvent('message', { data: report }));
  }

  fail(message: string): void {
    this.dispatchEvent(Object.assign(new Event('error'), { message }));
  }

  terminate(): void {
    this.terminated = true;
  }
}

const start = () => {
  const worker = new FakeWorker();
  const events: MachineEvent[] = [];
  const shown: (() => void)[] = [];
  const machine = new MachineWorker(
    { memory: 1, columns: 80, rows: 24 },
    { output: (_bytes, done) => shown.push(done), event: (event) => events.push(event) },
    () => worker as unknown as Worker,
  );
  return { worker, events, shown, machine };
};

afterEach(() => {
  vi.useRealTimers();
});

describe('the page end of the protocol', () => {
  it('boots, types, resizes and resets', () => {
    const { worker, machine } = start();
    machine.type(Uint8Array.of(7));
    machine.resize(100, 30);
    machine.reset();
    expect(worker.heard).toEqual([
      { kind: 'boot', memory: 1, columns: 80, rows: 24 },
      { kind: 'input', bytes: Uint8Array.of(7) },
      { kind: 'resize', columns: 100, rows: 30 },
      { kind: 'reset' },
    ]);
  });

  it('acknowledges output when it has been shown, not before', () => {
    const { worker, shown } = start();
    worker.report({ kind: 'output', bytes: new Uint8Array(5) });
    expect(worker.heard.length).toBe(1);
    shown[0]?.();
    expect(worker.heard.at(-1)).toEqual({ kind: 'shown', count: 5 });
  });

  it('ends once, frees the worker, and says nothing to it any more', () => {
    const { worker, events, shown, machine } = start();
    worker.report({ kind: 'output', bytes: new Uint8Array(5) });
    worker.report({ kind: 'ended', ending: { kind: 'power-off' } });
    worker.report({ kind: 'ended', ending: { kind: 'stopped' } });
    worker.fail('late');
    shown[0]?.();
    machine.stop();
    expect(events).toEqual([{ kind: 'ended', ending: { kind: 'power-off' } }]);
    expect(worker.terminated).toBe(true);
    expect(worker.heard.length).toBe(1);
  });

  it('makes a coded problem of a worker that fails', () => {
    const { worker, events } = start();
    worker.fail('Uncaught RangeError: out of memory');
    expect(events).toMatchObject([
      {
        kind: 'failed',
        problem: { code: 'VIV_SHELL_WORKER', message: expect.stringContaining('out of memory') as string },
      },
    ]);
    expect(worker.terminated).toBe(true);
  });

  it('pulls the plug from outside when the worker does not', () => {
    vi.useFakeTimers();
    const { worker, events, machine } = start();
    machine.stop();
    expect(worker.heard.at(-1)).toEqual({ kind: 'stop' });
    vi.runAllTimers();
    expect(worker.terminated).toBe(true);
    expect(events).toEqual([{ kind: 'ended', ending: { kind: 'stopped' } }]);
  });
});

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { askAgent } from '../src/hardware-agent.ts';
import { FakePort } from './support/fake-port.ts';

/** An order to a guest in the hands of a test. */
const order = (signal = new AbortController().signal) => {
  const port = new FakePort();
  const result = askAgent(port, 'cpus', '2', signal).then(
    () => 'done',
    (error: Error) => error,
  );
  const mark = /^ping ([0-9a-f]{32})\n/.exec(port.text)?.[1] ?? '';
  return { port, mark, result };
};

describe('an order to the agent of a guest', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is given once, when the agent has said that it listens', async () => {
    const { port, mark, result } = order();
    vi.advanceTimersByTime(2500);
    expect(port.text).toBe(`ping ${mark}\n`.repeat(3));
    port.write(`done ${mark}\nready\npong other\npo`);
    port.write(`ng ${mark}\r\npong ${mark}\n`);
    vi.advanceTimersByTime(5000);
    expect(port.text).toBe(`${`ping ${mark}\n`.repeat(3)}cpus ${mark} 2\n`);
    port.write('done other\n');
    port.write(`done ${mark}\n`);
    expect(await result).toBe('done');
    expect([port.listeners, vi.getTimerCount()]).toEqual([0, 0]);
  });

  it('is refused with what the guest says, cut and printable', async () => {
    const { port, mark, result } = order();
    port.write(`pong ${mark}\nfailed ${mark} no\u001b[2J${'x'.repeat(900)}\n`);
    const refusal = (await result) as Error & { readonly code: string };
    expect([refusal.code, refusal.message]).toEqual([
      'VIV_GUEST_REFUSED',
      `the guest did not cpus: no?[2J${'x'.repeat(194)}`,
    ]);
    expect([port.listeners, vi.getTimerCount()]).toEqual([0, 0]);
  });

  it('ends when the guest starts anew', async () => {
    const { port, mark, result } = order();
    port.write(`pong ${mark}\nready\n`);
    expect(await result).toMatchObject({ code: 'VIV_GUEST_REFUSED' });
  });

  it('ends with its deadline, however much the guest talks', async () => {
    const deadline = new AbortController();
    const { port, result } = order(deadline.signal);
    for (let count = 0; count < 1000; count++) port.write(`pong ${'x'.repeat(5000)}`);
    const late = new Error('late');
    deadline.abort(late);
    expect(await result).toBe(late);
    expect([port.listeners, vi.getTimerCount()]).toEqual([0, 0]);
    expect(await order(deadline.signal).result).toBe(late);
  });
});

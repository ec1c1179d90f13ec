import type { ConsoleViewer, Host, HostConsole, HostEvent } from '@vivarium/host';
import { describe, expect, it } from 'vitest';
import { AgentExecution } from '../src/exec.ts';

const CONSOLES = { control: 'agent', output: 'out', errors: 'err' };
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A guest with an agent that does what the test says. */
class Guest {
  readonly name = 'web';
  readonly heard: string[] = [];
  readonly viewers = new Map<string, ConsoleViewer>();
  resumed = 0;
  #listener: ((event: HostEvent) => void) | undefined;
  /** Answers a line of the host. */
  agent: (line: string) => void = () => {};

  readonly host = {
    on: (listener: (event: HostEvent) => void) => {
      this.#listener = listener;
      return () => {
        this.#listener = undefined;
      };
    },
  } as unknown as Host;

  console(name: string): HostConsole {
    return {
      attach: (viewer: ConsoleViewer) => {
        this.viewers.set(name, viewer);
        return {
          send: (bytes: Uint8Array) => {
            const line = new TextDecoder().decode(bytes).trim();
            this.heard.push(line);
            queueMicrotask(() => this.agent(line));
            return bytes.length;
          },
          resume: () => this.resumed++,
          detach: () => this.viewers.delete(name),
        };
      },
    } as unknown as HostConsole;
  }

  say(console: string, text: string): boolean | void {
    return this.viewers.get(console)?.output(encode(text), 0);
  }

  happens(name: string): void {
    this.#listener?.({ sequence: 1, time: 0, machine: this.name, name, event: {} });
  }

  /** Answers, and does `run` with the mark once a command has come. */
  serve(run: (mark: string, command: string) => void): void {
    this.agent = (line) => {
      const [verb, mark = '', rest = ''] = line.split(' ');
      if (verb === 'ping') this.say('agent', `noise\npong ${mark}\n`);
      if (verb === 'exec')
        run(
          mark,
          rest.replace(/\\0([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
        );
      if (verb === 'cancel') this.finish(mark, 137);
    };
  }

  finish(mark: string, code: number): void {
    this.say('out', `${mark} ${code}\n`);
    this.say('err', `${mark} ${code}\n`);
  }
}

const run = (guest: Guest, command = 'id', wait = 60_000) => {
  const seen = { out: '', err: '' };
  const execution = new AgentExecution(
    guest,
    CONSOLES,
    { command, wait, host: guest.host },
    {
      output: (channel, bytes) => {
        seen[channel === 1 ? 'out' : 'err'] += new TextDecoder().decode(bytes);
        return !seen.out.includes('stop');
      },
    },
  );
  return { seen, execution };
};

describe('a command in a guest', () => {
  it('is told to the agent in a way that no shell minds, and its outputs and code come back', async () => {
    const guest = new Guest();
    const command = `echo "it's" $((1 + 1)) \\\n| cat # ünd`;
    let told = '';
    guest.serve((mark, text) => {
      told = Buffer.from(text, 'latin1').toString();
      guest.say('out', `left over\n${mark} begin\nhello `);
      guest.say('err', `${mark} begin\noh`);
      guest.say('out', 'world\n');
      guest.finish(mark, 3);
    });
    const { seen, execution } = run(guest, command);
    expect(await execution.code).toBe(3);
    expect(told).toBe(command);
    expect(guest.heard.at(-1)).toMatch(/^exec [0-9a-f]{32} [A-Za-z0-9\\]+$/);
    expect(seen).toEqual({ out: 'hello world\n', err: 'oh' });
    expect(guest.viewers.size).toBe(0);
  });

  it('waits for the agent no longer than it is told', async () => {
    const { execution } = run(new Guest(), 'id', 5);
    await expect(execution.code).rejects.toMatchObject({ code: 'VIV_CONTROL_EXEC_SILENT' });
  });

  it.each([
    ['the machine ends', (guest: Guest) => guest.happens('host:ended')],
    ['the guest starts anew', (guest: Guest) => guest.say('agent', 'ready\n')],
  ])('ends when %s', async (_, happen) => {
    const guest = new Guest();
    guest.serve(() => happen(guest));
    const { execution } = run(guest);
    await expect(execution.code).rejects.toMatchObject({ code: 'VIV_CONTROL_EXEC_ENDED' });
    expect(guest.viewers.size).toBe(0);
  });

  it('that nobody waits for is cancelled, and lets go of its ports', async () => {
    const guest = new Guest();
    let begun = (): void => {};
    const runs = new Promise<void>((resolve) => {
      begun = resolve;
    });
    guest.serve((mark) => {
      guest.say('out', `${mark} begin\n`);
      guest.say('err', `${mark} begin\n`);
      begun();
    });
    const { execution } = run(guest, 'sleep 1000');
    await runs;
    await execution.cancel();
    expect(await execution.code).toBe(137);
    expect(guest.heard.at(-1)).toMatch(/^cancel /);
    expect(guest.viewers.size).toBe(0);
  });

  it('holds the guest while its caller is slow', async () => {
    const guest = new Guest();
    const answers: unknown[] = [];
    guest.serve((mark) => {
      guest.say('err', `${mark} begin\n`);
      answers.push(guest.say('out', `${mark} begin\nstop `.padEnd(100, '.')));
      guest.finish(mark, 0);
    });
    const { execution } = run(guest);
    expect(await execution.code).toBe(0);
    expect(answers).toEqual([false]);
    execution.resume();
    expect(guest.resumed).toBe(2);
  });

  it('is not fooled by an agent that babbles', async () => {
    const guest = new Guest();
    guest.agent = () => guest.say('agent', 'x'.repeat(100_000));
    const { execution } = run(guest, 'id', 20);
    await expect(execution.code).rejects.toMatchObject({ code: 'VIV_CONTROL_EXEC_SILENT' });
  });
});

import type { ConsoleView, Host, HostConsole } from '@vivarium/host';
import { errors } from './errors.ts';
import type { ExecConsoles } from './machine-record.ts';
import { MarkedOutput } from './marked-output.ts';

declare const setTimeout: (callback: () => void, milliseconds: number) => unknown;
declare const clearTimeout: (handle: unknown) => void;

/** Between two questions whether the agent is there. */
const ASK_AGAIN = 1000;
/** For the agent to end a command that nobody waits for any more. */
const CANCELLING = 3000;
const LONGEST_LINE = 1024;

/** Whoever wants the command run. */
export interface ExecCaller {
  /** Output on channel 1 or 2. False: the guest has to wait until `resume`. */
  output(channel: 1 | 2, bytes: Uint8Array): boolean;
}

/** A command that is under way. */
export interface Execution {
  /** The exit code; rejects with a coded error when the command cannot run, or does not end. */
  readonly code: Promise<number>;
  /** The caller takes output again. */
  resume(): void;
  /** Nobody waits any more: the command is killed. Resolves when its ports are free again. */
  cancel(): Promise<void>;
}

const mark = (): string => {
  const random = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('');
};

/** A line of shell's `printf %b`: nothing but letters, digits and octal escapes, so that no terminal and no shell minds. */
const escaped = (command: string): string =>
  Array.from(new TextEncoder().encode(command), (byte) =>
    /[A-Za-z0-9]/.test(String.fromCharCode(byte))
      ? String.fromCharCode(byte)
      : `\\0${byte.toString(8).padStart(3, '0')}`,
  ).join('');

/** A command in a guest, by the agent of @vivarium/guest-debian: its README has the protocol. */
export class AgentExecution implements Execution {
  readonly code: Promise<number>;
  readonly #control: ConsoleView;
  readonly #outputs: readonly ConsoleView[];
  readonly #unlisten: () => void;
  readonly #mark = mark();
  readonly #command: string;
  readonly #over: Promise<unknown>;
  readonly #settle: (result: number | Error) => void;
  #heard = '';
  #state: 'asking' | 'running' | 'over' = 'asking';
  #codes: number[] = [];
  #timers: unknown[] = [];

  constructor(
    machine: { readonly name: string; console(name: string): HostConsole },
    consoles: ExecConsoles,
    order: { readonly command: string; readonly wait: number; readonly host: Host },
    caller: ExecCaller,
  ) {
    this.#command = order.command;
    let settle = (_result: number | Error): void => {};
    this.code = new Promise((resolve, reject) => {
      settle = (result) => (typeof result === 'number' ? resolve(result) : reject(result));
    });
    this.#over = Promise.allSettled([this.code]);
    this.#settle = settle;
    this.#control = machine
      .console(consoles.control)
      .attach({ output: (bytes) => this.#line(bytes) }, { scrollback: 0 });
    const output = (name: string, channel: 1 | 2): ConsoleView => {
      let go = true;
      const marked = new MarkedOutput(
        this.#mark,
        (bytes) => {
          go = caller.output(channel, bytes) && go;
        },
        (code) => this.#ended(code),
      );
      const viewer = {
        output: (bytes: Uint8Array): boolean => {
          go = true;
          marked.push(bytes);
          return go;
        },
      };
      return machine.console(name).attach(viewer, { scrollback: 0, slow: 'hold' });
    };
    this.#outputs = [output(consoles.output, 1), output(consoles.errors, 2)];
    this.#unlisten = order.host.on(({ machine: name, name: event }) => {
      if (name === machine.name && event === 'host:ended')
        this.#fail('VIV_CONTROL_EXEC_ENDED', 'the machine has ended');
    });
    this.#ask();
    this.#later(order.wait, () => {
      if (this.#state === 'asking') {
        this.#fail('VIV_CONTROL_EXEC_SILENT', `the agent in ${machine.name} gave no answer in ${order.wait} ms`);
      }
    });
  }

  resume(): void {
    for (const view of this.#outputs) view.resume();
  }

  async cancel(): Promise<void> {
    if (this.#state === 'running') {
      this.#send(`cancel ${this.#mark}`);
      // What waits for a caller that has gone would hold the guest.
      this.resume();
      this.#later(CANCELLING, () => this.#fail('VIV_CONTROL_EXEC_ENDED', 'the command does not end'));
    } else this.#fail('VIV_CONTROL_EXEC_ENDED', 'nobody waits for the command');
    await this.#over;
  }

  #later(milliseconds: number, act: () => void): void {
    this.#timers.push(setTimeout(act, milliseconds));
  }

  #send(line: string): void {
    this.#control.send(new TextEncoder().encode(`${line}\n`));
  }

  #ask(): void {
    if (this.#state !== 'asking') return;
    this.#send(`ping ${this.#mark}`);
    this.#later(ASK_AGAIN, () => this.#ask());
  }

  /** Lines of the agent. The guest is not trusted: what is none of them is skipped. */
  #line(bytes: Uint8Array): void {
    const lines = (this.#heard + new TextDecoder().decode(bytes)).split('\n');
    this.#heard = (lines.pop() ?? '').slice(-LONGEST_LINE);
    for (const line of lines.map((text) => text.trim())) {
      if (line === `pong ${this.#mark}` && this.#state === 'asking') {
        this.#state = 'running';
        this.#send(`exec ${this.#mark} ${escaped(this.#command)}`);
      }
      if (line === `busy ${this.#mark}`) this.#fail('VIV_CONTROL_BUSY', 'the guest runs another command');
      if (line === 'ready' && this.#state === 'running') {
        this.#fail('VIV_CONTROL_EXEC_ENDED', 'the guest has started anew');
      }
    }
  }

  #ended(code: number): void {
    this.#codes.push(code);
    const [first] = this.#codes;
    // Standard output and standard error both come to their end.
    if (this.#codes.length === this.#outputs.length && first !== undefined) this.#finish(first);
  }

  #fail(code: Parameters<typeof errors.make>[0], message: string): void {
    this.#finish(errors.make(code, message));
  }

  #finish(result: number | Error): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    for (const timer of this.#timers) clearTimeout(timer);
    this.#unlisten();
    this.#control.detach();
    for (const view of this.#outputs) view.detach();
    this.#settle(result);
  }
}

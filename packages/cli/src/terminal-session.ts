import { CharPortToken } from '@vivarium/contracts';
import type { Machine } from '@vivarium/kernel';
import { Agent } from './agent.ts';
import { type EscapeAction, EscapeFilter, keyName } from './escape-filter.ts';
import { GuestInput } from './guest-input.ts';
import { GuestOutput, type OutputSink } from './guest-output.ts';
import { Console } from './machine-spec.ts';
import type { Notices } from './notices.ts';
import type { Session, Streams } from './session.ts';
import { RawTerminal, terminalSize } from './terminal.ts';

export interface TerminalOptions {
  readonly streams: Streams;
  readonly sink: OutputSink;
  /** Byte of the escape key; undefined for none. */
  readonly escape: number | undefined;
  /** The guest has an agent on its second serial port. */
  readonly agent: boolean;
  readonly notices: Notices;
  /** What a key after the escape key asks of the machine. */
  readonly act: (action: Exclude<EscapeAction, 'help'>) => void;
}

/** The guest's console on the process's own terminal, or on pipes in its place. */
export class TerminalSession implements Session {
  readonly #options: TerminalOptions;
  readonly #terminal: RawTerminal;
  readonly #filter: EscapeFilter;
  readonly #input: GuestInput;
  readonly #output: GuestOutput;
  readonly #agent: Agent | undefined;

  constructor(machine: Machine, options: TerminalOptions) {
    this.#options = options;
    const { streams, sink, notices } = options;
    const port = machine.get(CharPortToken, Console.terminal);
    this.#terminal = new RawTerminal(streams);
    // Piped input has no keys in it: every byte of it is the guest's.
    this.#filter = new EscapeFilter(streams.stdin.isTTY === true ? options.escape : undefined);
    this.#input = new GuestInput(port, streams.stdin);
    this.#agent = options.agent
      ? new Agent(machine.get(CharPortToken, Console.agent), ({ kind }) => {
          if (kind === 'ready') this.#resize();
        })
      : undefined;
    if (streams.stdin.isTTY === true) {
      const keys =
        options.escape === undefined ? '' : ` (${keyName(options.escape)} q quits, ${keyName(options.escape)} ? helps)`;
      notices.say(`starting ${machine.name}${keys}`);
      this.#terminal.enter();
      notices.raw = true;
    }
    this.#output = new GuestOutput(port, this.#watched(sink));
    streams.stdin.on('data', this.#typed);
    streams.stdout.on('resize', this.#resize);
  }

  async finish(): Promise<void> {
    await this.#output.finish();
    this.close();
  }

  close(): void {
    const { streams, notices } = this.#options;
    streams.stdin.off('data', this.#typed);
    streams.stdin.pause();
    streams.stdout.off('resize', this.#resize);
    this.#input.close();
    this.#output.close();
    this.#agent?.close();
    this.#terminal.restore();
    notices.raw = false;
  }

  readonly #typed = (bytes: Uint8Array): void => {
    const { forward, actions } = this.#filter.feed(bytes);
    this.#input.send(forward);
    for (const action of actions) {
      if (action === 'help') this.#help();
      else this.#options.act(action);
    }
  };

  readonly #resize = (): void => {
    const size = terminalSize(this.#options.streams.stdout);
    if (size !== undefined) this.#agent?.resize(size.columns, size.rows);
  };

  #help(): void {
    const key = this.#options.escape === undefined ? '' : keyName(this.#options.escape);
    this.#options.notices.say(`after ${key}: q quits, r resets the guest, ? shows this, ${key} sends ${key}`);
  }

  /** The sink, with the terminal looking on. */
  #watched(sink: OutputSink): OutputSink {
    return {
      write: (bytes) => {
        this.#terminal.watch(bytes);
        return sink.write(bytes);
      },
      once: (event, listener) => sink.once(event, listener),
      off: (event, listener) => sink.off(event, listener),
    };
  }
}

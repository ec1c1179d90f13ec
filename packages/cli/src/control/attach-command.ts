import type { Client, ClientStream } from '@vivarium/client/node';
import { escapeKey } from '../command-line.ts';
import { DEFAULT_ESCAPE, EscapeFilter, keyName } from '../escape-filter.ts';
import { Console } from '../machine-spec.ts';
import { Notices } from '../notices.ts';
import type { Streams } from '../session.ts';
import { RawTerminal, terminalSize } from '../terminal.ts';
import { connectionOptions, defineCommand } from './command.ts';
import { OutputGate } from './output-gate.ts';
import { untilOver } from './until-over.ts';

interface AttachOptions {
  readonly client: Client;
  readonly streams: Streams;
  readonly name: string;
  readonly console: string;
  readonly escape: number | undefined;
  /** The stream is over, or left. */
  readonly over: (result: number | { readonly error: unknown }) => void;
}

/** A machine's console on this process's terminal, or on pipes in its place. */
class Attachment {
  readonly #options: AttachOptions;
  readonly #terminal: RawTerminal;
  readonly #filter: EscapeFilter;
  readonly #notices: Notices;
  readonly #stream: ClientStream<'attach'>;
  #closed = false;

  constructor(options: AttachOptions) {
    this.#options = options;
    const { client, streams, name, console, escape } = options;
    this.#notices = new Notices((text) => streams.stderr.write(text));
    this.#terminal = new RawTerminal(streams);
    // Piped input has no keys in it: every byte of it is the guest's.
    this.#filter = new EscapeFilter(this.#typing ? escape : undefined);
    const gate = new OutputGate([streams.stdout], () => this.#stream.resume());
    this.#stream = client.open(
      'attach',
      { name, console },
      {
        opened: this.#opened,
        bytes: (_channel, bytes) => {
          this.#terminal.watch(bytes);
          return gate.write(0, bytes);
        },
        note: (note) => {
          if (note.kind === 'lost') this.#notices.say(`${note.bytes} bytes of output were too fast, and are lost`);
        },
        writable: () => streams.stdin.resume(),
        end: (error) => {
          this.#release();
          if (error === undefined) this.#notices.say(`machine ${name} is gone`);
          options.over(error === undefined ? 0 : { error });
        },
      },
    );
  }

  get #typing(): boolean {
    return this.#options.streams.stdin.isTTY === true;
  }

  close(): void {
    this.#release();
    this.#stream.close();
  }

  readonly #opened = (): void => {
    const { streams, name, escape } = this.#options;
    if (this.#closed) return;
    if (this.#typing) {
      const keys = escape === undefined ? '' : ` (${keyName(escape)} q detaches, ${keyName(escape)} ? helps)`;
      // Who has read that may press Ctrl-C at once, which is the guest's by then.
      this.#terminal.enter();
      this.#notices.raw = true;
      this.#notices.say(`attached to ${name}${keys}`);
      this.#resize();
    }
    streams.stdin.on('data', this.#typed);
    streams.stdout.on('resize', this.#resize);
  };

  /** Lets go of the process's streams. */
  #release(): void {
    if (this.#closed) return;
    this.#closed = true;
    const { streams } = this.#options;
    streams.stdin.off('data', this.#typed);
    streams.stdin.pause();
    streams.stdout.off('resize', this.#resize);
    this.#terminal.restore();
    this.#notices.raw = false;
  }

  readonly #typed = (bytes: Uint8Array): void => {
    const { client, streams, name, over } = this.#options;
    const { forward, actions } = this.#filter.feed(bytes);
    // A guest that does not read must not keep the escape key from being heard.
    if (forward.length > 0 && !this.#stream.bytes(0, forward) && !this.#typing) streams.stdin.pause();
    for (const action of actions) {
      if (action === 'help') this.#help();
      else if (action === 'reset') {
        client.call('reset', { name }).catch((error: unknown) => {
          this.#notices.say(error instanceof Error ? error.message : String(error));
        });
      } else {
        this.close();
        this.#notices.say(`detached from ${name}, which goes on`);
        over(0);
      }
    }
  };

  readonly #resize = (): void => {
    const size = terminalSize(this.#options.streams.stdout);
    if (size !== undefined) this.#stream.note({ kind: 'resize', ...size });
  };

  #help(): void {
    const { escape } = this.#options;
    const key = escape === undefined ? '' : keyName(escape);
    this.#notices.say(`after ${key}: q detaches, r resets the guest, ? shows this, ${key} sends ${key}`);
  }
}

export const command = defineCommand({
  usage: 'attach NAME [options]',
  options: {
    console: { type: 'string', value: 'CONSOLE', help: `Another console than ${Console.terminal}` },
    escape: { type: 'string', value: 'KEY', help: 'Escape key, such as ^] (default) or ^A; none for no key' },
    ...connectionOptions,
  },
  words: [1, 1],
  run: async ({ values, words: [name = ''], streams, connect }) => {
    const { console = Console.terminal } = values;
    const escape = values.escape === undefined ? DEFAULT_ESCAPE : escapeKey(values.escape);
    const client = await connect();
    return untilOver(streams, (over) => new Attachment({ client, streams, name, console, escape, over }));
  },
});

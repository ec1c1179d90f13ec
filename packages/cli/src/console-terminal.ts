/**
 * A console of a control plane's machine on this process's own terminal.
 *
 * @example
 * import { consoleTerminal } from '@vivarium/cli/terminal';
 *
 * const me = { name: 'me', role: 'admin', via: 'process' } as const;
 * const terminal = consoleTerminal({
 *   streams: process,
 *   open: (peer) => control.open(me, 'attach', { name: 'web', console: 'console0' }, peer),
 *   act: (action) => console.error(action),
 * });
 * terminal.close();
 *
 * @module
 */
import type { OpenStream, StreamPeer } from '@vivarium/control';
import { DEFAULT_ESCAPE, type EscapeAction, EscapeFilter, keyName } from './escape-filter.ts';
import type { Streams } from './session.ts';
import { RawTerminal, terminalSize } from './terminal.ts';

export interface ConsoleTerminalOptions {
  readonly streams: Pick<Streams, 'stdin' | 'stdout'>;
  /** Opens the stream of the console. */
  readonly open: (peer: StreamPeer<'attach'>) => OpenStream<'attach'>;
  /** What a key after the escape key asks for. */
  readonly act: (action: EscapeAction) => void;
  /** Byte of the escape key. Default Ctrl-]. */
  readonly escape?: number;
}

export interface ConsoleTerminal {
  /** What the escape key is called. */
  readonly key: string;
  /** Says something between what the guest writes. */
  say(text: string): void;
  /** Lets go of the terminal, which is as it was before. */
  close(): void;
}

/** Bytes that wait for a guest that does not read; then the source waits, unless it is a person who may want to leave. */
const HIGH_WATER = 1 << 20;

class AttachedTerminal implements ConsoleTerminal {
  readonly key: string;
  readonly #options: ConsoleTerminalOptions;
  readonly #raw: RawTerminal;
  readonly #filter: EscapeFilter;
  readonly #stream: OpenStream<'attach'>;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #closed = false;

  constructor(options: ConsoleTerminalOptions) {
    const { streams, open, escape = DEFAULT_ESCAPE } = options;
    const { stdin, stdout } = streams;
    this.#options = options;
    this.key = keyName(escape);
    this.#raw = new RawTerminal(streams);
    // Piped input has no keys in it: every byte of it is the guest's.
    this.#filter = new EscapeFilter(stdin.isTTY === true ? escape : undefined);
    this.#stream = open({
      bytes: (_channel, bytes) => {
        this.#raw.watch(bytes);
        if (stdout.write(bytes)) return true;
        stdout.once('drain', this.#drained);
        return false;
      },
      note: () => true,
      writable: () => this.#flush(),
      end: () => this.close(),
    });
    this.#raw.enter();
    stdin.on('data', this.#typed);
    stdout.on('resize', this.#resize);
    this.#resize();
  }

  say(text: string): void {
    const { stdin, stdout } = this.#options.streams;
    stdout.write(stdin.isTTY === true && !this.#closed ? `\r\n${text}\r\n` : `${text}\n`);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const { stdin, stdout } = this.#options.streams;
    stdin.off('data', this.#typed);
    stdin.pause();
    stdout.off('resize', this.#resize);
    stdout.off('drain', this.#drained);
    this.#raw.restore();
    this.#stream.close();
  }

  readonly #drained = (): void => this.#stream.resume();

  readonly #typed = (bytes: Uint8Array): void => {
    const { forward, actions } = this.#filter.feed(bytes);
    const { stdin } = this.#options.streams;
    if (this.#waitingBytes < HIGH_WATER) {
      this.#waiting.push(Uint8Array.from(forward));
      this.#waitingBytes += forward.length;
      this.#flush();
    }
    if (this.#waitingBytes >= HIGH_WATER && stdin.isTTY !== true) stdin.pause();
    for (const action of actions) this.#options.act(action);
  };

  #flush(): void {
    for (let [bytes] = this.#waiting; bytes !== undefined; [bytes] = this.#waiting) {
      const taken = this.#stream.bytes(0, bytes);
      this.#waitingBytes -= taken;
      if (taken < bytes.length) {
        this.#waiting[0] = bytes.subarray(taken);
        return;
      }
      this.#waiting.shift();
    }
    if (!this.#closed) this.#options.streams.stdin.resume();
  }

  readonly #resize = (): void => {
    const size = terminalSize(this.#options.streams.stdout);
    if (size !== undefined) this.#stream.note({ kind: 'resize', ...size });
  };
}

/** Attaches the terminal. Throws what `open` throws, with the terminal as it was. */
export const consoleTerminal = (options: ConsoleTerminalOptions): ConsoleTerminal => new AttachedTerminal(options);

import type { Streams } from './session.ts';

/** Modes a guest's programs may have left on: colours, hidden cursor, no wrapping, bracketed paste, mouse reports. */
const LEAVE_MODES = '\u001b[0m\u001b[?25h\u001b[?7h\u001b[?2004l\u001b[?1000l\u001b[?1002l\u001b[?1006l';
const LEAVE_ALTERNATE_SCREEN = '\u001b[?1049l';
const ALTERNATE_SCREEN = /\u001b\[\?1049([hl])/g;
/** One byte less than the longest sequence looked for. */
const SEQUENCE_TAIL = 7;

/** The size of what is a terminal. */
export const terminalSize = ({
  columns = 0,
  rows = 0,
}: Pick<Streams['stdout'], 'columns' | 'rows'>): { readonly columns: number; readonly rows: number } | undefined =>
  columns > 0 && rows > 0 ? { columns, rows } : undefined;

/**
 * Puts the host's terminal into raw mode and back. Raw mode ends in every way out of the process that runs code: the
 * `exit` event comes after a normal end, `process.exit`, and an uncaught error.
 */
export class RawTerminal {
  readonly #streams: Pick<Streams, 'stdin' | 'stdout'>;
  #active = false;
  #alternate = false;
  #tail = '';

  constructor(streams: Pick<Streams, 'stdin' | 'stdout'>) {
    this.#streams = streams;
  }

  enter(): void {
    if (this.#active || !this.#streams.stdin.isTTY) return;
    this.#active = true;
    process.on('exit', this.restore);
    this.#streams.stdin.setRawMode?.(true);
  }

  /** Looks at what goes to the screen, to know whether to leave the alternate screen in the end. */
  watch(bytes: Uint8Array): void {
    const text = this.#tail + Buffer.from(bytes).toString('latin1');
    for (const [, mode] of text.matchAll(ALTERNATE_SCREEN)) this.#alternate = mode === 'h';
    this.#tail = text.slice(-SEQUENCE_TAIL);
  }

  readonly restore = (): void => {
    if (!this.#active) return;
    this.#active = false;
    process.off('exit', this.restore);
    try {
      this.#streams.stdin.setRawMode?.(false);
      if (this.#streams.stdout.isTTY) {
        this.#streams.stdout.write((this.#alternate ? LEAVE_ALTERNATE_SCREEN : '') + LEAVE_MODES);
      }
    } catch {
      // The terminal itself is gone (SIGHUP): there is nothing left to restore.
    }
  };
}

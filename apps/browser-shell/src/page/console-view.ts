import { FitAddon } from '@xterm/addon-fit';
import { Terminal } from '@xterm/xterm';
import { followTheme } from './terminal-theme.ts';

/** On narrow screens more columns are worth more than large letters. */
const fontSize = (width: number): number => (width < 640 ? 11 : 14);

/** What the terminal tells its owner. */
export interface ConsoleListener {
  /** What was typed or pasted, as the guest is to get it. */
  typed(bytes: Uint8Array): void;
  resized(columns: number, rows: number): void;
}

/** The terminal on the page: as large as its element, at any time. */
export class ConsoleView {
  readonly #terminal: Terminal;

  constructor(element: HTMLElement, listener: ConsoleListener) {
    this.#terminal = new Terminal({
      fontFamily: 'ui-monospace, "Cascadia Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace',
      fontSize: fontSize(element.clientWidth),
      scrollback: 5000,
      cursorBlink: true,
      screenReaderMode: true,
    });
    followTheme((theme) => {
      this.#terminal.options.theme = theme;
    });
    const fit = new FitAddon();
    this.#terminal.loadAddon(fit);
    this.#terminal.open(element);
    const encoder = new TextEncoder();
    this.#terminal.onData((text) => listener.typed(encoder.encode(text)));
    // Mouse reports of the oldest kind are bytes that are not text.
    this.#terminal.onBinary((text) => listener.typed(Uint8Array.from(text, (letter) => letter.charCodeAt(0))));
    this.#terminal.onResize(({ cols, rows }) => listener.resized(cols, rows));
    fit.fit();
    new ResizeObserver(() => {
      this.#terminal.options.fontSize = fontSize(element.clientWidth);
      fit.fit();
    }).observe(element);
  }

  get columns(): number {
    return this.#terminal.cols;
  }

  get rows(): number {
    return this.#terminal.rows;
  }

  /** Calls `shown` when the bytes have gone through the terminal. */
  write(bytes: Uint8Array, shown: () => void): void {
    this.#terminal.write(bytes, shown);
  }

  /** As new, for another boot. */
  clear(): void {
    this.#terminal.reset();
  }

  get hasFocus(): boolean {
    return this.#terminal.textarea === document.activeElement;
  }

  focus(): void {
    this.#terminal.focus();
  }

  /** Whether keys go to the guest. */
  set enabled(enabled: boolean) {
    this.#terminal.options.disableStdin = !enabled;
  }
}

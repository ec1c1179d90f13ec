import { FitAddon } from '@xterm/addon-fit';
import { type ITheme, Terminal } from '@xterm/xterm';

const THEME: ITheme = {
  background: '#0e1116',
  foreground: '#e6ebf2',
  cursor: '#7ee2a8',
  cursorAccent: '#0e1116',
  selectionBackground: '#34506b',
  black: '#171c24',
  red: '#ff8f8f',
  green: '#7ee2a8',
  yellow: '#f2c063',
  blue: '#82b4ff',
  magenta: '#d6a3ff',
  cyan: '#79d8e6',
  white: '#d5dce6',
  brightBlack: '#6b7888',
  brightRed: '#ffb0b0',
  brightGreen: '#a4f0c4',
  brightYellow: '#ffdc94',
  brightBlue: '#aecdff',
  brightMagenta: '#e6c8ff',
  brightCyan: '#a8ebf4',
  brightWhite: '#ffffff',
};

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
      theme: THEME,
      fontFamily: 'ui-monospace, "Cascadia Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace',
      fontSize: fontSize(element.clientWidth),
      scrollback: 5000,
      cursorBlink: true,
      screenReaderMode: true,
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

  focus(): void {
    this.#terminal.focus();
  }

  /** Whether keys go to the guest. */
  set enabled(enabled: boolean) {
    this.#terminal.options.disableStdin = !enabled;
  }
}

import type { CharPort } from '@vivarium/contracts';

/** Longest line looked at; a guest may send anything. */
const LONGEST_LINE = 1024;

/**
 * The host's end of the guest agent's channel: text lines. The agent says `ready` once it listens, and each time it
 * starts again; from then on it is told the terminal's size as `resize <columns> <rows>`.
 */
export class AgentChannel {
  readonly #port: Pick<CharPort, 'onOutput' | 'send'>;
  readonly #removal: () => void;
  #line = '';
  #ready = false;
  #columns: number;
  #rows: number;

  constructor(port: Pick<CharPort, 'onOutput' | 'send'>, columns: number, rows: number) {
    this.#port = port;
    this.#columns = columns;
    this.#rows = rows;
    const decoder = new TextDecoder();
    this.#removal = port.onOutput((bytes) => {
      const lines = (this.#line + decoder.decode(bytes, { stream: true })).split('\n');
      this.#line = (lines.pop() ?? '').slice(0, LONGEST_LINE);
      if (!lines.some((line) => line.trim() === 'ready')) return;
      this.#ready = true;
      this.#tell();
    });
  }

  resize(columns: number, rows: number): void {
    this.#columns = columns;
    this.#rows = rows;
    if (this.#ready) this.#tell();
  }

  /** After a reset of the machine the agent has to get ready again. */
  reset(): void {
    this.#ready = false;
    this.#line = '';
  }

  close(): void {
    this.#removal();
  }

  /** Dropped when the guest does not read: the next size counts. */
  #tell(): void {
    this.#port.send(new TextEncoder().encode(`resize ${this.#columns} ${this.#rows}\n`));
  }
}

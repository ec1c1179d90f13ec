/** Longest line that is taken from a guest, in bytes. */
export const LONGEST_LINE = 32 * 1024;

const NEWLINE = 0x0a;
const decoder = new TextDecoder('utf-8', { fatal: true });

/** A line: its text, or why it has none. */
export type GuestLine = { readonly text: string } | { readonly wrong: string };

const TOO_LONG: GuestLine = { wrong: `the line is longer than ${LONGEST_LINE} bytes` };
const NO_TEXT: GuestLine = { wrong: 'the line is not UTF-8' };

const lineOf = (bytes: Uint8Array): GuestLine => {
  if (bytes.length > LONGEST_LINE) return TOO_LONG;
  try {
    return { text: decoder.decode(bytes).trim() };
  } catch {
    return NO_TEXT;
  }
};

/**
 * Lines out of bytes of a stranger, in order and one at a time; blank ones are none. Beside lines that nobody has taken
 * yet, at most {@link LONGEST_LINE} bytes are kept.
 */
export class GuestLines {
  #bytes = new Uint8Array(0);
  /** Up to here there is no newline. */
  #looked = 0;
  /** What came of this line is gone: it was too long, or bytes of it were lost on their way. */
  #skipping: 'long' | 'torn' | undefined;
  #next: GuestLine | undefined;

  /** Bytes kept. */
  get held(): number {
    return this.#bytes.length;
  }

  /** Whether there is a line to take. */
  get ready(): boolean {
    return this.#next !== undefined;
  }

  /** Bytes in the order in which they came; `lost` before them did not come. */
  push(bytes: Uint8Array, lost = 0): void {
    if (lost > 0) {
      this.#bytes = new Uint8Array(0);
      this.#looked = 0;
      this.#skipping = 'torn';
    }
    const all = new Uint8Array(this.#bytes.length + bytes.length);
    all.set(this.#bytes);
    all.set(bytes, this.#bytes.length);
    this.#bytes = all;
    this.#seek();
  }

  take(): GuestLine | undefined {
    const line = this.#next;
    this.#next = undefined;
    this.#seek();
    return line;
  }

  #seek(): void {
    while (this.#next === undefined) {
      const end = this.#bytes.indexOf(NEWLINE, this.#looked);
      if (end < 0) {
        this.#looked = this.#bytes.length;
        break;
      }
      const line = this.#skipping === undefined ? lineOf(this.#bytes.subarray(0, end)) : undefined;
      if (this.#skipping === 'long') this.#next = TOO_LONG;
      else if (line !== undefined && (!('text' in line) || line.text !== '')) this.#next = line;
      this.#skipping = undefined;
      this.#bytes = this.#bytes.subarray(end + 1);
      this.#looked = 0;
    }
    if (this.#looked < this.#bytes.length) return;
    // No end in sight.
    if (this.#skipping === undefined && this.#bytes.length > LONGEST_LINE) this.#skipping = 'long';
    if (this.#skipping === undefined) return;
    this.#bytes = new Uint8Array(0);
    this.#looked = 0;
  }
}

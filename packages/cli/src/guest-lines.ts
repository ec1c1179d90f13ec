/** Longest line taken from a guest; the rest of a longer one is dropped. */
const LONGEST_LINE = 1024;

/** Lines of text out of a guest's output, which is not trusted: whatever it sends, no more than one line is kept. */
export class GuestLines {
  readonly #decoder = new TextDecoder();
  #line = '';

  /** The lines that end in these bytes, without blanks around them. */
  push(bytes: Uint8Array): readonly string[] {
    const lines = (this.#line + this.#decoder.decode(bytes, { stream: true })).split('\n');
    this.#line = (lines.pop() ?? '').slice(0, LONGEST_LINE);
    return lines.map((line) => line.trim());
  }
}

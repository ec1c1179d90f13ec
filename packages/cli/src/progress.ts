/** Where progress is shown. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Progress of something slow: one line that is rewritten on a terminal, a line for each new step elsewhere. */
export class Progress {
  readonly #stream: ProgressStream;
  #shown = false;
  #lastStep = '';

  constructor(stream: ProgressStream) {
    this.#stream = stream;
  }

  /** `fraction` is 0 to 1, or undefined when it is not known how much there is to do. */
  update(step: string, fraction?: number): void {
    if (this.#stream.isTTY === true) {
      const percent = fraction === undefined ? '' : ` ${Math.floor(Math.min(Math.max(fraction, 0), 1) * 100)}%`;
      const line = `viv: ${step}${percent}`.slice(0, Math.max((this.#stream.columns ?? 80) - 1, 10));
      this.#stream.write(`\r\u001b[K${line}`);
      this.#shown = true;
    } else if (step !== this.#lastStep) {
      this.#stream.write(`viv: ${step}\n`);
    }
    this.#lastStep = step;
  }

  /** Takes the line off the terminal. */
  done(): void {
    if (this.#shown) this.#stream.write('\r\u001b[K');
    this.#shown = false;
  }
}

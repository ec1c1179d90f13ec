/** Where progress is shown. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** How far a preparation is; `done` of `total`, in any unit. */
export interface ProgressReport {
  readonly message: string;
  readonly done?: number;
  readonly total?: number;
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

  /** Shows a report of a preparation, with what there is to do when it says so. */
  report({ message, done = 0, total = 0 }: ProgressReport): void {
    this.update(message, total > 0 ? done / total : undefined);
  }

  /** Takes the line off the terminal. */
  done(): void {
    if (this.#shown) this.#stream.write('\r\u001b[K');
    this.#shown = false;
  }
}

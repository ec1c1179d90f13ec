import { closeSync, writeSync } from 'node:fs';
import { openOutput } from './output-file.ts';

const STDERR = 2;
/** Characters gathered before they are written. */
const BATCH = 1 << 16;

/** Writes to a file or a pipe before it returns: a trace has no bound but its limit, so it may not pile up. */
const writeWhole = (file: number, text: string): void => {
  const bytes = Buffer.from(text);
  for (let written = 0; written < bytes.length; ) {
    try {
      written += writeSync(file, bytes, written);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
};

/** Where a trace goes. */
export class TraceFile {
  readonly #file: number;
  #text = '';

  /** `path` may be `-` for standard error; `option` is the one that asked for it. Throws `VIV_FILE_UNWRITABLE`. */
  constructor(option: string, path: string) {
    this.#file = path === '-' ? STDERR : openOutput(option, path);
  }

  line(text: string): void {
    this.#text += `${text}\n`;
    if (this.#text.length >= BATCH) this.flush();
  }

  flush(): void {
    if (this.#text !== '') writeWhole(this.#file, this.#text);
    this.#text = '';
  }

  close(): void {
    this.flush();
    if (this.#file !== STDERR) closeSync(this.#file);
  }
}

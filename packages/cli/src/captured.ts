import type { OutputSink } from './guest-output.ts';

/** Bytes of one stream that `--json` keeps; the rest is counted only. */
const MOST_CAPTURED = 16 << 20;

/** Keeps output in memory for `--json`, up to a cap. */
export class Captured implements OutputSink {
  readonly #pieces: Uint8Array[] = [];
  #kept = 0;
  truncated = false;

  write(bytes: Uint8Array): boolean {
    const room = MOST_CAPTURED - this.#kept;
    if (bytes.length > room) this.truncated = true;
    const piece = Uint8Array.from(bytes.subarray(0, room));
    if (piece.length > 0) this.#pieces.push(piece);
    this.#kept += piece.length;
    return true;
  }

  once(): void {}

  off(): void {}

  get text(): string {
    return Buffer.concat(this.#pieces).toString('utf8');
  }
}

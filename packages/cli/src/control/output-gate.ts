import type { OutputSink } from '../guest-output.ts';

/** Writes what a stream tells, and lets the stream wait for a slow reader. */
export class OutputGate {
  readonly #sinks: readonly OutputSink[];
  readonly #go: () => void;
  readonly #full = new Set<OutputSink>();

  /** `go` is called when all of them take more. */
  constructor(sinks: readonly OutputSink[], go: () => void) {
    this.#sinks = sinks;
    this.#go = go;
  }

  /** To the sink of this index; `false`: not before `go`. */
  write(index: number, bytes: Uint8Array): boolean {
    const sink = this.#sinks[index];
    if (sink !== undefined && !sink.write(bytes) && !this.#full.has(sink)) {
      this.#full.add(sink);
      sink.once('drain', () => {
        this.#full.delete(sink);
        if (this.#full.size === 0) this.#go();
      });
    }
    return this.#full.size === 0;
  }
}

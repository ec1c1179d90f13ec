declare const setInterval: (callback: () => void, milliseconds: number) => unknown;
declare const clearInterval: (handle: unknown) => void;

/** Looks that must find nothing before a cell counts as silent. */
const LOOKS = 4;

/**
 * Notices that nothing was heard for a while. It counts looks and not time: a host that was stopped itself for longer
 * than the deadline finds one look missed, and not every cell hung.
 */
export class SilenceWatch {
  readonly #period: number;
  readonly #silent: (milliseconds: number) => void;
  #timer: unknown;
  #missed = 0;

  /** `silent` is called after `deadline` milliseconds without a sign of life, and again every quarter of that. */
  constructor(deadline: number, silent: (milliseconds: number) => void) {
    this.#period = Math.max(Math.ceil(deadline / LOOKS), 1);
    this.#silent = silent;
  }

  start(): void {
    this.stop();
    this.#missed = 0;
    this.#timer = setInterval(() => {
      this.#missed++;
      if (this.#missed > LOOKS) this.#silent((this.#missed - 1) * this.#period);
    }, this.#period);
  }

  heard(): void {
    this.#missed = 0;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

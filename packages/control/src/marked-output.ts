/** Longest output of the guest's shell that is looked at for the number behind a mark. */
const LONGEST_CODE = 3;
const NEWLINE = 0x0a;

const indexOf = (bytes: Uint8Array, wanted: Uint8Array, from: number): number => {
  for (let at = from; at <= bytes.length - wanted.length; at++) {
    let same = 0;
    while (same < wanted.length && bytes[at + same] === wanted[same]) same++;
    if (same === wanted.length) return at;
  }
  return -1;
};

/** Where the end of `bytes` may be the beginning of `wanted`: nothing before that has to be held back. */
const beginningOf = (bytes: Uint8Array, wanted: Uint8Array): number => {
  let at = Math.max(0, bytes.length - wanted.length + 1);
  while (at < bytes.length && bytes.subarray(at).some((byte, index) => byte !== wanted[index])) at++;
  return at;
};

/**
 * What a command writes on a port that it shares with commands before and after it: between a line `<mark> begin` and
 * `<mark> <code>` and a newline, both of which the agent writes. The mark is long and random, so that no output holds it
 * by chance.
 */
export class MarkedOutput {
  readonly #begin: Uint8Array;
  readonly #end: Uint8Array;
  readonly #give: (bytes: Uint8Array) => void;
  readonly #done: (code: number) => void;
  #held: Uint8Array = new Uint8Array();
  #state: 'before' | 'within' | 'after' = 'before';

  constructor(mark: string, give: (bytes: Uint8Array) => void, done: (code: number) => void) {
    this.#begin = new TextEncoder().encode(`${mark} begin\n`);
    this.#end = new TextEncoder().encode(`${mark} `);
    this.#give = give;
    this.#done = done;
  }

  get begun(): boolean {
    return this.#state !== 'before';
  }

  push(bytes: Uint8Array): void {
    if (this.#state === 'after') return;
    const all = new Uint8Array(this.#held.length + bytes.length);
    all.set(this.#held);
    all.set(bytes, this.#held.length);
    this.#held = this.#state === 'before' ? this.#skip(all) : this.#within(all);
  }

  /** Looks for the beginning; returns what cannot be decided yet. */
  #skip(bytes: Uint8Array): Uint8Array {
    const at = indexOf(bytes, this.#begin, 0);
    if (at < 0) return bytes.slice(Math.max(0, bytes.length - this.#begin.length + 1));
    this.#state = 'within';
    return this.#within(bytes.subarray(at + this.#begin.length));
  }

  #within(bytes: Uint8Array): Uint8Array {
    for (let from = 0; ; ) {
      const at = indexOf(bytes, this.#end, from);
      if (at < 0) return this.#keep(bytes, beginningOf(bytes, this.#end));
      const digits = at + this.#end.length;
      const close = bytes.indexOf(NEWLINE, digits);
      if (close < 0 && bytes.length - digits <= LONGEST_CODE) return this.#keep(bytes, at);
      const code = /^\d{1,3}$/.exec(close < 0 ? '' : new TextDecoder().decode(bytes.subarray(digits, close)))?.[0];
      if (code !== undefined) {
        this.#keep(bytes, at);
        this.#state = 'after';
        this.#done(Number(code) & 0xff);
        return new Uint8Array();
      }
      from = at + 1;
    }
  }

  /** Hands over what comes before `at`, and returns the rest. */
  #keep(bytes: Uint8Array, at: number): Uint8Array {
    if (at > 0) this.#give(bytes.slice(0, at));
    return bytes.slice(at);
  }
}

/** What a key after the escape key asks for. */
export type EscapeAction = 'quit' | 'reset' | 'help';

const ACTIONS: Readonly<Record<string, EscapeAction>> = { q: 'quit', r: 'reset', '?': 'help', h: 'help' };

/** Ctrl-]. */
export const DEFAULT_ESCAPE = 0x1d;

/**
 * Takes the escape key and the key after it out of what is typed. Twice the escape key is the key itself; the escape
 * key and any other key are dropped together.
 */
export class EscapeFilter {
  readonly #key: number | undefined;
  #pending = false;

  /** `key` is the byte of the escape key; undefined lets everything through. */
  constructor(key: number | undefined) {
    this.#key = key;
  }

  /** What of `bytes` is for the guest, and what is asked of the host. */
  feed(bytes: Uint8Array): { readonly forward: Uint8Array; readonly actions: readonly EscapeAction[] } {
    if (this.#key === undefined || (!this.#pending && !bytes.includes(this.#key))) {
      return { forward: bytes, actions: [] };
    }
    const forward: number[] = [];
    const actions: EscapeAction[] = [];
    for (const byte of bytes) {
      if (!this.#pending && byte === this.#key) {
        this.#pending = true;
        continue;
      }
      if (!this.#pending || byte === this.#key) {
        forward.push(byte);
      } else {
        const action = ACTIONS[String.fromCharCode(byte).toLowerCase()];
        if (action !== undefined) actions.push(action);
      }
      this.#pending = false;
    }
    return { forward: Uint8Array.from(forward), actions };
  }
}

/** The key as people write it: `Ctrl-]`. */
export const keyName = (key: number): string => `Ctrl-${String.fromCharCode(key + 0x40)}`;

import { INPUT_LIMIT, INPUT_WINDOW } from '../protocol.ts';

/** Input on its way to the worker: at most a window of it is under way, at most {@link INPUT_LIMIT} waits here. */
export class InputQueue {
  readonly #send: (bytes: Uint8Array<ArrayBuffer>) => void;
  readonly #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #underWay = 0;

  /** `send` is given bytes of its own, which it may transfer. */
  constructor(send: (bytes: Uint8Array<ArrayBuffer>) => void) {
    this.#send = send;
  }

  /** False when there is no room for all of it: then nothing is taken. */
  push(bytes: Uint8Array): boolean {
    if (this.#waitingBytes + bytes.length > INPUT_LIMIT) return false;
    if (bytes.length > 0) this.#waiting.push(bytes.slice());
    this.#waitingBytes += bytes.length;
    this.#flush();
    return true;
  }

  /** The guest has taken `count` bytes. */
  taken(count: number): void {
    this.#underWay = Math.max(this.#underWay - count, 0);
    this.#flush();
  }

  #flush(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const room = INPUT_WINDOW - this.#underWay;
      if (room <= 0) return;
      const piece = next.slice(0, room);
      if (piece.length < next.length) this.#waiting[0] = next.subarray(piece.length);
      else this.#waiting.shift();
      this.#waitingBytes -= piece.length;
      this.#underWay += piece.length;
      this.#send(piece);
    }
  }
}

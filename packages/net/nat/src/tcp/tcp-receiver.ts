// Hot: each segment of the guest passes here.
import { type BufferBudget, FLOOR } from './buffer-budget.ts';
import { PayloadSlab } from './payload-slab.ts';
import { advance, distance } from './sequence.ts';

/** Copies bytes of a segment's payload, from byte `start` on, until `target` is full. */
export type CopyPayload = (start: number, target: Uint8Array) => void;

/** What a segment brought. */
export interface Arrival {
  /** Bytes that are next in order. */
  readonly bytes: readonly Uint8Array[];
  /** The guest's last byte has come. */
  readonly ended: boolean;
  /** The guest must hear at once where the stream stands: a gap, one that was filled, or a repetition. */
  readonly acknowledgeNow: boolean;
}

interface Piece {
  readonly start: number;
  readonly bytes: Uint8Array;
}

/** Windows begin so, and double as they are used. */
const FIRST_CAPACITY = 65_536;
/** Pieces that wait behind gaps: so many of any size, and one more for each so many bytes of all of them. */
const SMALL_PIECES = 64;
const BYTES_A_PIECE = 256;

/** The direction from the guest: what is next, what came early, and how much more may come. */
export class TcpReceiver {
  readonly #budget: BufferBudget;
  readonly #largest: number;
  #capacity: number;
  #next = 0;
  /** End of the window that was promised; it never goes back. */
  #right = 0;
  /** Bytes since the window was last made larger. */
  #sinceGrowth = 0;
  /** What is held in the budget. */
  #held = 0;
  /** What came early: sorted, apart from each other, inside of the window. */
  #early: Piece[] = [];
  #earlyBytes = 0;
  readonly #slab = new PayloadSlab();
  #finAt: number | undefined;
  #ended = false;

  constructor(budget: BufferBudget, largest: number) {
    this.#budget = budget;
    this.#largest = largest;
    this.#capacity = Math.min(FIRST_CAPACITY, largest);
  }

  get next(): number {
    return this.#next;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Bytes that may still come. */
  get window(): number {
    return distance(this.#right, this.#next);
  }

  /** The guest's SYN. */
  begin(sequence: number): void {
    this.#next = advance(sequence, 1);
    this.#right = this.#next;
  }

  /** Takes the payload and FIN of a segment as far as they are in the window. */
  accept(sequence: number, length: number, fin: boolean, copy: CopyPayload): Arrival {
    const old = Math.max(0, distance(this.#next, sequence));
    const room = distance(this.#right, sequence);
    const end = Math.min(length, room);
    if (fin && end === length && !this.#ended) this.#finAt = advance(sequence, length);
    const bytes: Uint8Array[] = [];
    let acknowledgeNow = length > end || ((old > 0 || this.#ended) && length + (fin ? 1 : 0) > 0);
    if (end > old && !this.#ended) {
      if (distance(sequence, this.#next) <= 0) {
        acknowledgeNow ||= this.#early.length > 0;
        const piece = this.#slab.take(end - old);
        copy(old, piece);
        this.#append(piece, bytes);
        this.#takeEarly(bytes);
      } else {
        acknowledgeNow = true;
        this.#keep(sequence, end, copy);
      }
    }
    if (this.#finAt !== undefined && this.#finAt === this.#next && !this.#ended) {
      this.#next = advance(this.#next, 1);
      this.#right = distance(this.#right, this.#next) < 0 ? this.#next : this.#right;
      this.#ended = true;
      acknowledgeNow = true;
    }
    return { bytes, ended: this.#ended, acknowledgeNow };
  }

  /** Makes the window as large as it can be while `pending` bytes wait for the host, and returns it. */
  promise(pending: number): number {
    const wanted = this.#capacity - pending - this.window;
    const held = this.window + pending;
    const grant = Math.min(wanted, Math.max(this.#budget.free, FLOOR - held));
    if (grant > 0) this.#right = advance(this.#right, grant);
    this.hold(pending);
    return this.window;
  }

  /** Whether the window could be so much larger that the guest should hear of it. */
  wouldGrow(pending: number, segment: number): boolean {
    if (this.#ended) return false;
    const growth = this.#capacity - pending - this.window;
    return growth >= this.#capacity / 4 || (this.window < 2 * segment && growth >= 2 * segment);
  }

  /** Counts what the connection holds while `pending` bytes wait for the host. */
  hold(pending: number): void {
    if (pending === 0) this.#slab.release();
    const held = this.window + pending;
    this.#budget.change(held - this.#held);
    this.#held = held;
  }

  /** Gives everything back. */
  release(): void {
    this.#budget.change(-this.#held);
    this.#held = 0;
    this.#early = [];
    this.#earlyBytes = 0;
  }

  #append(piece: Uint8Array, to: Uint8Array[]): void {
    to.push(piece);
    this.#next = advance(this.#next, piece.length);
    this.#sinceGrowth += piece.length;
    if (this.#sinceGrowth < this.#capacity) return;
    this.#sinceGrowth = 0;
    this.#capacity = Math.min(this.#capacity * 2, this.#largest);
  }

  #takeEarly(to: Uint8Array[]): void {
    for (let first = this.#early[0]; first !== undefined; first = this.#early[0]) {
      const old = distance(this.#next, first.start);
      if (old < 0) return;
      this.#early.shift();
      this.#earlyBytes -= first.bytes.length;
      if (old < first.bytes.length) this.#append(first.bytes.subarray(old), to);
    }
  }

  /** Keeps what is not there yet of a segment that came early. */
  #keep(sequence: number, length: number, copy: CopyPayload): void {
    const last = this.#early.at(-1);
    let start = 0;
    const pieces: Piece[] = [];
    if (last === undefined || distance(sequence, last.start) < last.bytes.length) {
      for (const early of this.#early) {
        const from = distance(early.start, sequence);
        if (from >= length) break;
        if (from > start) pieces.push(pieceOf(sequence, start, from, copy));
        start = Math.max(start, from + early.bytes.length);
      }
    }
    if (start < length) pieces.push(pieceOf(sequence, start, length, copy));
    for (const piece of pieces) this.#insert(piece);
  }

  #insert(piece: Piece): void {
    const bytes = this.#earlyBytes + piece.bytes.length;
    if (this.#early.length >= SMALL_PIECES + bytes / BYTES_A_PIECE) return;
    this.#earlyBytes = bytes;
    // Nearly always behind all others.
    let at = this.#early.length;
    while (at > 0 && distance(this.#early[at - 1]?.start ?? 0, piece.start) > 0) at -= 1;
    this.#early.splice(at, 0, piece);
  }
}

/** Memory of its own: it may wait for long. */
const pieceOf = (sequence: number, start: number, end: number, copy: CopyPayload): Piece => {
  const bytes = new Uint8Array(end - start);
  copy(start, bytes);
  return { start: advance(sequence, start), bytes };
};

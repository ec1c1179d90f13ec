/** Counters of bytes are free-running and 32 bits wide (section 5.10.6.3). */
const wrapped = (count: number): number => count >>> 0;

/** What may be sent to the other side: its buffer, less what is on the way or waits there. */
export class SendCredit {
  #sent = 0;
  #bufAlloc = 0;
  #fwdCnt = 0;

  /** Bytes that the other side has room for. A peer whose numbers make no sense has none. */
  get free(): number {
    const unread = wrapped(this.#sent - this.#fwdCnt);
    return unread > this.#bufAlloc ? 0 : this.#bufAlloc - unread;
  }

  /** What the other side says in each of its packets. */
  update(bufAlloc: number, fwdCnt: number): void {
    this.#bufAlloc = bufAlloc;
    this.#fwdCnt = fwdCnt;
  }

  spend(bytes: number): void {
    this.#sent = wrapped(this.#sent + bytes);
  }
}

/** What the other side may send to us. */
export class ReceiveCredit {
  /** Bytes of our buffer. */
  readonly bufAlloc: number;
  #received = 0;
  #forwarded = 0;
  /** What the other side knows of `#forwarded`. */
  #told = 0;

  constructor(bufAlloc: number) {
    this.bufAlloc = bufAlloc;
  }

  /** Takes in what arrived; false, and nothing happens, when it is more than there is room for. */
  receive(bytes: number): boolean {
    if (bytes > this.bufAlloc - wrapped(this.#received - this.#forwarded)) return false;
    this.#received = wrapped(this.#received + bytes);
    return true;
  }

  /** Bytes left the buffer. */
  forward(bytes: number): void {
    this.#forwarded = wrapped(this.#forwarded + bytes);
  }

  /**
   * The other side believes that half of the buffer or more is in use, and there is news for it that is worth a packet: a
   * quarter of the buffer, or that nothing waits.
   */
  get isDue(): boolean {
    const news = wrapped(this.#forwarded - this.#told);
    if (news === 0 || wrapped(this.#received - this.#told) * 2 < this.bufAlloc) return false;
    return news * 4 >= this.bufAlloc || this.#received === this.#forwarded;
  }

  /** The counter for a packet that goes out now. */
  tell(): number {
    this.#told = this.#forwarded;
    return this.#forwarded;
  }
}

// Hot: each segment to the guest passes here.
import { RoundTrip } from './round-trip.ts';
import { SendBuffer } from './send-buffer.ts';
import { advance, distance } from './sequence.ts';

/** A segment that could be sent now. */
export interface Plan {
  readonly sequence: number;
  /** Place of its first byte in the buffer. */
  readonly offset: number;
  readonly length: number;
  readonly fin: boolean;
}

/** Timers that may run out one after the other before the guest counts as gone. */
const MOST_RETRIES = 10;
const DUPLICATES_OF_A_LOSS = 3;

/**
 * The direction to the guest: what is unacknowledged, what may be sent, what must be sent again (RFC 9293, RFC 6582).
 * The link loses nothing unless the guest itself does, so there is no congestion window but after a timeout.
 */
export class TcpSender {
  readonly buffer = new SendBuffer();
  readonly #roundTrip = new RoundTrip();
  readonly #first: number;
  /** Oldest number that is not acknowledged, next to send, and next after all that was ever sent. */
  #una: number;
  #next: number;
  #max: number;
  #window = 0;
  #largestWindow = 0;
  #windowSequence = 0;
  #scale = 0;
  #segment = 536;
  #congestion = Number.POSITIVE_INFINITY;
  #duplicates = 0;
  /** End of what was under way when a loss was noticed. */
  #recover: number | undefined;
  #retransmit = false;
  /** The first segment after a timeout does not wait for a better window. */
  #forced = false;
  #retries = 0;
  #ending = false;
  /** Number behind the FIN, when it was sent. */
  #finEnd: number | undefined;
  /** The segment of which the round trip is measured. */
  #timed: { readonly end: number; readonly at: number } | undefined;
  #deadline: number | undefined;

  constructor(first: number) {
    this.#first = first;
    this.#una = first;
    this.#next = first;
    this.#max = first;
  }

  /** When {@link timeout} is to be called, in nanoseconds. */
  get deadline(): number | undefined {
    return this.#deadline;
  }

  get next(): number {
    return this.#next;
  }

  get segment(): number {
    return this.#segment;
  }

  get synPending(): boolean {
    return this.#next === this.#first;
  }

  get synAcknowledged(): boolean {
    return this.#una !== this.#first;
  }

  /** FIN was sent, also when it is not acknowledged. */
  get finSent(): boolean {
    return this.#finEnd !== undefined;
  }

  get finished(): boolean {
    return this.#finEnd === this.#una;
  }

  /** What the guest asked for in its SYN. */
  negotiate(segment: number, scale: number): void {
    this.#segment = segment;
    this.#scale = scale;
  }

  synSent(now: number): void {
    this.#next = advance(this.#first, 1);
    this.#max = this.#next;
    this.#timed ??= { end: this.#next, at: now };
    this.#deadline = now + this.#roundTrip.timeout;
  }

  /** Sends the SYN again. */
  repeatSyn(): void {
    this.#next = this.#first;
  }

  /** The host sends no more. */
  end(): void {
    this.#ending = true;
  }

  /** The next segment of at most `limit` bytes, which is a multiple of the segment size or less than one. */
  plan(limit: number, now: number): Plan | undefined {
    if (this.#retransmit) {
      const length = Math.min(limit, this.buffer.length, distance(this.#max, this.#una));
      if (length > 0) return { sequence: this.#una, offset: 0, length, fin: false };
      this.#retransmit = false;
    }
    const offset = distance(this.#next, this.#una);
    const left = this.buffer.length - offset;
    const usable = Math.min(this.#window, this.#congestion) - offset;
    let length = Math.max(0, Math.min(left, usable, limit));
    if (this.#forced && left > 0) {
      // The timer ran out: as much as the window takes, however little, and one byte into a closed one.
      length = Math.max(1, length);
    } else if (length < left && length < limit) {
      // Bounded by the window: whole segments, and no sliver unless nothing is under way (RFC 9293, section 3.8.6.2.1).
      if (length > this.#segment) length -= length % this.#segment;
      else if (length < this.#segment && (offset > 0 || length < this.#largestWindow / 2)) length = 0;
    }
    const fin = this.#ending && length === left && this.#next !== this.#finEnd;
    if (length > 0 || fin) return { sequence: this.#next, offset, length, fin };
    // The window is closed: probe it from time to time.
    if (left > 0 && offset === 0) this.#deadline ??= now + this.#roundTrip.timeout;
    return undefined;
  }

  sent(plan: Plan, now: number): void {
    const end = advance(plan.sequence, plan.length + (plan.fin ? 1 : 0));
    this.#retransmit = false;
    this.#forced = false;
    if (plan.fin) this.#finEnd = end;
    if (plan.sequence === this.#next) this.#next = end;
    if (distance(end, this.#max) > 0) {
      if (plan.sequence === this.#max) this.#timed ??= { end, at: now };
      this.#max = end;
    }
    this.#deadline ??= now + this.#roundTrip.timeout;
  }

  /**
   * An acknowledgment from the guest; `field` is the window as it was sent. False: it acknowledges what was never sent.
   */
  acknowledge(acknowledgment: number, sequence: number, field: number, isPure: boolean, now: number): boolean {
    if (distance(acknowledgment, this.#max) > 0) return false;
    const window = field << this.#scale;
    const acked = distance(acknowledgment, this.#una);
    this.#retries = 0;
    if (acked < 0) return true;
    if (acked > 0) this.#advanceTo(acknowledgment, acked, now);
    else if (isPure && window === this.#window && this.#max !== this.#una) this.#duplicate();
    // The numbers of RFC 9293, section 3.10.7.4, would leave the window of an old segment in force that acknowledges
    // more (the guest sent it again), and its end would move beyond what was promised.
    const after = distance(sequence, this.#windowSequence);
    if (acked > 0 || after > 0 || (after === 0 && window > this.#window)) this.#setWindow(window, sequence);
    return true;
  }

  /** The first window, which came with the SYN and is never scaled. */
  setFirstWindow(window: number, sequence: number): void {
    this.#setWindow(window, sequence);
  }

  /** The deadline has passed while nothing could be sent. */
  postpone(now: number): void {
    this.#deadline = now + this.#roundTrip.timeout;
  }

  /** The deadline has passed. False: the guest is gone. */
  timeout(): boolean {
    this.#deadline = undefined;
    this.#retries += 1;
    if (this.#retries > MOST_RETRIES) return false;
    this.#roundTrip.lost();
    this.#timed = undefined;
    this.#forced = true;
    if (this.#max === this.#una) return true;
    this.#next = this.#una;
    this.#congestion = 2 * this.#segment;
    this.#recover = undefined;
    this.#duplicates = 0;
    return true;
  }

  #setWindow(window: number, sequence: number): void {
    if (window > 0 && this.#window === 0) {
      // An open window ends probing: the next segment arms the timer for itself, and brings the probe's byte again.
      if (this.#max === this.#una) this.#deadline = undefined;
      else if (distance(this.#max, this.#una) === 1) this.#next = this.#una;
    }
    this.#window = window;
    this.#largestWindow = Math.max(this.#largestWindow, window);
    this.#windowSequence = sequence;
  }

  #advanceTo(acknowledgment: number, acked: number, now: number): void {
    const syn = this.#una === this.#first ? 1 : 0;
    this.buffer.drop(Math.min(acked - syn, this.buffer.length));
    this.#una = acknowledgment;
    if (distance(this.#next, acknowledgment) < 0) this.#next = acknowledgment;
    this.#duplicates = 0;
    if (this.#timed !== undefined && distance(acknowledgment, this.#timed.end) >= 0) {
      this.#roundTrip.measured(now - this.#timed.at);
      this.#timed = undefined;
    }
    this.#roundTrip.acknowledged();
    this.#congestion += acked;
    if (this.#congestion >= this.#largestWindow) this.#congestion = Number.POSITIVE_INFINITY;
    if (this.#recover !== undefined) {
      if (distance(acknowledgment, this.#recover) >= 0) this.#recover = undefined;
      // Only a part: what follows was lost, too.
      else this.#retransmit = true;
    }
    this.#deadline = this.#max === acknowledgment ? undefined : now + this.#roundTrip.timeout;
  }

  #duplicate(): void {
    this.#duplicates += 1;
    if (this.#duplicates !== DUPLICATES_OF_A_LOSS || this.#recover !== undefined) return;
    this.#recover = this.#max;
    this.#retransmit = true;
    this.#timed = undefined;
  }
}

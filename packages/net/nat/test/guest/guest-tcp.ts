import type { FrameOffload } from '@vivarium/contracts';
import * as p from '@vivarium/net-packet';

export interface GuestTcpOptions {
  readonly port?: number;
  /** Bytes that the guest keeps for its program. */
  readonly buffer?: number;
  /** Shift of its window; none when absent. */
  readonly scale?: number;
  readonly segment?: number;
  /** Bytes of one segment that the device cuts, when it can. */
  readonly tso?: number;
}

/** What sends its frames. */
export interface SegmentLink {
  ends(destination: number): p.Ends;
  sendFrame(bytes: Uint8Array, offload?: FrameOffload): void;
}

const after = (later: number, earlier: number): number => (later - earlier) | 0;
const RETRY = 60;

/** A TCP end of the simplest kind: goes back to the first unacknowledged byte, keeps what comes early in a map. */
export class GuestTcp {
  readonly ends: { readonly destination: number; readonly port: number; readonly own: number };
  readonly received: Uint8Array[] = [];
  receivedBytes = 0;
  /** Bytes that the program has not read; read at once unless it holds. */
  unread = 0;
  holds = false;
  isOpen = false;
  isReset = false;
  /** FIN came, with everything before it. */
  ended = false;
  finAcknowledged = false;
  peerWindow = 0;
  peerOptions: p.TcpOptions = {};
  /** Largest payload of a segment that came. */
  largest = 0;
  acksSent = 0;
  acknowledges = true;
  readonly #guest: SegmentLink;
  readonly #options: GuestTcpOptions;
  readonly #early = new Map<number, Uint8Array>();
  #iss = (Math.random() * 2 ** 32) >>> 0;
  #una = 0;
  #next = 0;
  #lastUna = 0;
  /** Next after all that was ever sent. */
  #max = 0;
  #expected = 0;
  #peerScale = 0;
  #segment: number;
  #pending: Uint8Array = new Uint8Array(0);
  #ending = false;
  #finAt: number | undefined;
  #peerFin: number | undefined;
  #accepting = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(guest: SegmentLink, ends: GuestTcp['ends'], options: GuestTcpOptions) {
    this.#guest = guest;
    this.ends = ends;
    this.#options = options;
    this.#segment = options.segment ?? 1460;
  }

  get text(): string {
    return new TextDecoder().decode(p.concatenate(this.received));
  }

  get unacknowledged(): number {
    return this.#pending.length;
  }

  /** Next number that it expects, and its own next. */
  get numbers(): { readonly expected: number; readonly next: number } {
    return { expected: this.#expected, next: this.#next };
  }

  get #finIsOut(): boolean {
    return this.#finAt !== undefined && after(this.#next, this.#finAt) > 0;
  }

  get #window(): number {
    return Math.max(0, (this.#options.buffer ?? 65_535) - this.unread);
  }

  open(): void {
    this.#una = this.#iss;
    this.#next = (this.#iss + 1) >>> 0;
    this.#sendSyn(p.TcpFlag.syn);
    this.#arm();
  }

  accept(tcp: p.ParsedTcp): void {
    this.#accepting = true;
    this.#una = this.#iss;
    this.#next = (this.#iss + 1) >>> 0;
    this.#expected = (tcp.sequence + 1) >>> 0;
    this.#negotiate(tcp);
    this.#sendSyn(p.TcpFlag.syn | p.TcpFlag.ack);
    this.#arm();
  }

  refuse(tcp: p.ParsedTcp): void {
    this.send(p.TcpFlag.rst | p.TcpFlag.ack, { sequence: tcp.acknowledgment, acknowledgment: tcp.sequence + 1 });
  }

  write(bytes: Uint8Array | string): void {
    const data = typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes;
    this.#pending = p.concatenate([this.#pending, data]);
    if (this.isOpen) this.#push();
  }

  end(): void {
    this.#ending = true;
    if (this.isOpen) this.#push();
  }

  reset(): void {
    this.send(p.TcpFlag.rst | p.TcpFlag.ack, {});
    this.close();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** The program reads what it held back, and the window opens. */
  read(): void {
    this.unread = 0;
    this.#acknowledge();
  }

  receive(tcp: p.ParsedTcp, payload: Uint8Array): void {
    if ((tcp.flags & p.TcpFlag.rst) !== 0) {
      this.isReset = true;
      this.close();
      return;
    }
    if ((tcp.flags & p.TcpFlag.syn) !== 0) {
      if (this.isOpen) {
        this.#acknowledge();
        return;
      }
      if (this.#accepting) {
        this.#sendSyn(p.TcpFlag.syn | p.TcpFlag.ack);
        return;
      }
      this.#negotiate(tcp);
      this.#expected = (tcp.sequence + 1) >>> 0;
      this.#una = tcp.acknowledgment;
      this.peerWindow = tcp.window;
      this.isOpen = true;
      this.#acknowledge();
      this.#push();
      return;
    }
    this.#takeAcknowledgment(tcp);
    const occupied = payload.length + ((tcp.flags & p.TcpFlag.fin) === 0 ? 0 : 1);
    // A keep-alive, or a probe of a closed window: an answer says where it stands.
    const isOutside = after(tcp.sequence, this.#expected) < 0 || (payload.length === 1 && this.#window === 0);
    if (isOutside && occupied <= 1) this.#acknowledge();
    else if (occupied > 0) this.#takeData(tcp, payload);
    this.#push();
  }

  /** Sends a segment; what is not said is as the connection stands. */
  send(flags: number, header: Partial<p.TcpHeader>, payload: Uint8Array = new Uint8Array(0)): void {
    if (this.#max === 0 || after(this.#next, this.#max) > 0) this.#max = this.#next;
    const scale = (flags & p.TcpFlag.syn) === 0 && this.peerOptions.windowScale !== undefined ? this.#options.scale : 0;
    const whole: p.TcpHeader = {
      sourcePort: this.ends.own,
      destinationPort: this.ends.port,
      sequence: this.#next,
      acknowledgment: (flags & p.TcpFlag.ack) === 0 ? 0 : this.#expected,
      flags,
      window: Math.min(0xffff, this.#window >>> (scale ?? 0)),
      ...header,
    };
    const frame = p.tcpFrame(this.#guest.ends(this.ends.destination), whole, payload);
    const start = 34;
    const offload = {
      checksum: { start, offset: 16 },
      segment: { protocol: 'tcp4' as const, size: this.#segment, headerLength: start + 20 },
    };
    if (payload.length > this.#segment) this.#guest.sendFrame(frame, offload);
    else this.#guest.sendFrame(frame);
  }

  #sendSyn(flags: number): void {
    const { segment = 1460, scale } = this.#options;
    const options = { maximumSegment: segment, ...(scale === undefined ? {} : { windowScale: scale }) };
    this.send(flags, { sequence: this.#iss, options });
  }

  #negotiate({ options }: p.ParsedTcp): void {
    this.peerOptions = options;
    this.#segment = Math.min(this.#segment, options.maximumSegment ?? 536);
    if (this.#options.scale !== undefined) this.#peerScale = options.windowScale ?? 0;
  }

  #acknowledge(): void {
    this.acksSent += 1;
    if (this.acknowledges) this.send(p.TcpFlag.ack, {});
  }

  #takeAcknowledgment(tcp: p.ParsedTcp): void {
    const acked = after(tcp.acknowledgment, this.#una);
    if (acked < 0 || after(tcp.acknowledgment, this.#max) > 0) return;
    if (after(tcp.acknowledgment, this.#next) > 0) this.#next = tcp.acknowledgment;
    this.peerWindow = tcp.window << this.#peerScale;
    if (acked === 0) return;
    if (!this.isOpen) {
      this.isOpen = true;
      this.#una = (this.#iss + 1) >>> 0;
    }
    const data = Math.min(this.#pending.length, after(tcp.acknowledgment, this.#una));
    this.#pending = this.#pending.slice(data);
    this.#una = tcp.acknowledgment;
    if (this.#finAt !== undefined && after(this.#una, this.#finAt) > 0) this.finAcknowledged = true;
    if (this.finAcknowledged && this.ended) this.close();
  }

  #takeData(tcp: p.ParsedTcp, payload: Uint8Array): void {
    this.largest = Math.max(this.largest, payload.length);
    if ((tcp.flags & p.TcpFlag.fin) !== 0) this.#peerFin = (tcp.sequence + payload.length) >>> 0;
    const beyond = after(tcp.sequence + payload.length, this.#expected) - this.#window;
    if (beyond > 0) throw new Error(`${beyond} bytes came beyond a window of ${this.#window}`);
    if (after(tcp.sequence, this.#expected) >= 0) this.#early.set(tcp.sequence, payload);
    else if (after(tcp.sequence + payload.length, this.#expected) > 0) {
      this.#early.set(this.#expected, payload.subarray(after(this.#expected, tcp.sequence)));
    }
    for (let next = this.#early.get(this.#expected); next !== undefined; next = this.#early.get(this.#expected)) {
      this.#early.delete(this.#expected);
      if (next.length === 0) break;
      this.#expected = (this.#expected + next.length) >>> 0;
      this.received.push(next);
      this.receivedBytes += next.length;
      if (this.holds) this.unread += next.length;
    }
    for (const start of this.#early.keys()) if (after(start, this.#expected) < 0) this.#early.delete(start);
    if (this.#peerFin === this.#expected && !this.ended) {
      this.#expected = (this.#expected + 1) >>> 0;
      this.ended = true;
      if (this.finAcknowledged) this.close();
    }
    this.#acknowledge();
  }

  /** Sends what the other end has room for. */
  #push(): void {
    for (;;) {
      const sent = after(this.#next, this.#una);
      const left = this.#pending.length - sent;
      const most = this.#options.tso ?? this.#segment;
      const length = Math.min(left, most, this.peerWindow - sent);
      if (left >= 0 && length >= 0 && length === left && this.#ending && !this.#finIsOut) {
        this.#finAt = (this.#next + length) >>> 0;
        const start = this.#next;
        // Before it is sent: the answer may come from within.
        this.#next = (this.#finAt + 1) >>> 0;
        this.send(p.TcpFlag.ack | p.TcpFlag.fin, { sequence: start }, this.#pending.slice(sent, sent + length));
        return;
      }
      if (length <= 0) return;
      const start = this.#next;
      this.#next = (this.#next + length) >>> 0;
      this.send(p.TcpFlag.ack | p.TcpFlag.psh, { sequence: start }, this.#pending.slice(sent, sent + length));
    }
  }

  /** Goes back to what is not acknowledged, when nothing was since the last call. */
  retry(): void {
    if (!this.isOpen) {
      this.#sendSyn(this.#accepting ? p.TcpFlag.syn | p.TcpFlag.ack : p.TcpFlag.syn);
      return;
    }
    const stuck = this.#lastUna === this.#una && this.#next !== this.#una;
    this.#lastUna = this.#una;
    if (!stuck && this.#next === this.#una && this.#pending.length > 0 && this.peerWindow === 0) {
      // The window may have opened, and the news been lost.
      this.#next = (this.#una + 1) >>> 0;
      this.send(p.TcpFlag.ack, { sequence: this.#una }, this.#pending.slice(0, 1));
    }
    if (!stuck) return;
    this.#next = this.#una;
    this.#push();
  }

  #arm(): void {
    this.#timer = setInterval(() => this.retry(), RETRY);
    this.#timer.unref();
  }
}

import type { NetFrame, NetOffloads } from '@vivarium/contracts';
import { type Ends, IPV4_HEADER, type MacAddress, type ParsedTcp, TCP_HEADER, TcpFlag } from '@vivarium/net-packet';
import type { FrameSource } from '../guest-link.ts';
import type { HostFailure, HostTcpEvents, HostTcpSocket } from '../host/host-network.ts';
import { type BufferBudget, FLOOR } from './buffer-budget.ts';
import { segmentFrame, segmentLimit } from './segment-frame.ts';
import { distance } from './sequence.ts';
import { type CopyPayload, TcpReceiver } from './tcp-receiver.ts';
import { TcpSender } from './tcp-sender.ts';

/** Both ends as the guest sees them. */
export interface ConnectionEnds {
  readonly guest: number;
  readonly guestPort: number;
  readonly remote: number;
  readonly remotePort: number;
}

/** Limits of one connection. */
export interface ConnectionLimits {
  /** Bytes that wait in each direction. */
  readonly buffer: number;
  /** Nanoseconds without a segment, then without an answer to keep-alives; and for one that is half closed. */
  readonly idle: number;
  readonly halfClosed: number;
  /** Nanoseconds that the opening may take. */
  readonly opening: number;
}

/** What a connection is made of. */
export interface ConnectionParts {
  readonly ends: ConnectionEnds;
  readonly limits: ConnectionLimits;
  readonly budget: BufferBudget;
  readonly mtu: number;
  readonly ownMac: MacAddress;
  /** First sequence number towards the guest. */
  readonly first: number;
  readonly now: () => number;
  /** The guest's address on the link; undefined while it is not known. */
  readonly guestMac: () => MacAddress | undefined;
  /** The connection may have a segment. */
  readonly ready: (connection: TcpConnection) => void;
  /** The connection's deadline may have come closer. */
  readonly armed: (deadline: number) => void;
  /** The device has no room: nothing that is late is lost. */
  readonly isBlocked: () => boolean;
  /** The opening is over, well or not. */
  readonly opened: (connection: TcpConnection) => void;
  /** The guest's side is gone; `waits` when it must be remembered (TIME-WAIT). */
  readonly closed: (connection: TcpConnection, waits: boolean) => void;
  /** The host's side is gone, too. */
  readonly gone: (connection: TcpConnection) => void;
  /** The host could not connect. */
  readonly refused: (connection: TcpConnection, failure: HostFailure) => void;
}

const MILLISECOND = 1e6;
const DELAYED_ACK = 10 * MILLISECOND;
const ASK_AGAIN = 1000 * MILLISECOND;
const KEEP_ALIVE = 15_000 * MILLISECOND;
const KEEP_ALIVES = 4;
/** The largest window that is scaled: shifts of 14 are the most (RFC 7323, section 2.3). */
const scaleFor = (buffer: number): number => Math.min(14, Math.max(0, Math.ceil(Math.log2(buffer / 0xffff))));

/**
 * - `connecting`: the guest's SYN waits for the host's connection
 * - `accepting`: SYN-ACK is with the guest (SYN-RECEIVED)
 * - `calling`: the guest is sent a SYN, for a forward (SYN-SENT)
 * - `open`: every state from ESTABLISHED on; which one, FINs of both directions say
 * - `lingering`: the guest is done, and the host's socket still has something to send
 */
type Phase = 'connecting' | 'accepting' | 'calling' | 'open' | 'lingering' | 'closed';

/** One TCP connection of the guest (RFC 9293) joined to one of the host. */
export class TcpConnection implements FrameSource, HostTcpEvents {
  readonly ends: ConnectionEnds;
  readonly #parts: ConnectionParts;
  readonly #sender: TcpSender;
  readonly #receiver: TcpReceiver;
  #phase: Phase = 'connecting';
  #socket: HostTcpSocket | undefined;
  #guestMac: MacAddress | undefined;
  #scale: number;
  /** The guest knows window scales: it sent one in its SYN. */
  #scaled = false;
  #acknowledgeNow = false;
  #unacknowledged = 0;
  #acknowledgeAt: number | undefined;
  #paused = false;
  /** What the send buffer holds in the budget. */
  #held = 0;
  #lastHeard: number;
  #keepAlives = 0;
  #probe = false;
  /** The guest sent its FIN before it had ours. */
  #closedByGuest = false;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
    this.ends = parts.ends;
    this.#sender = new TcpSender(parts.first);
    this.#receiver = new TcpReceiver(parts.budget, parts.limits.buffer);
    this.#scale = scaleFor(parts.limits.buffer);
    this.#lastHeard = parts.now();
  }

  get isOpening(): boolean {
    return this.#phase === 'connecting' || this.#phase === 'accepting' || this.#phase === 'calling';
  }

  /** Numbers for a segment that is not this connection's own: a RST, or an answer in TIME-WAIT. */
  get numbers(): { readonly next: number; readonly expected: number } {
    return { next: this.#sender.next, expected: this.#receiver.next };
  }

  /** When {@link expire} is to be called. */
  get deadline(): number {
    if (this.#phase === 'lingering') return this.#idleAt;
    return Math.min(
      this.#sender.deadline ?? Number.POSITIVE_INFINITY,
      this.#acknowledgeAt ?? Number.POSITIVE_INFINITY,
      this.#idleAt,
    );
  }

  /** Begins with the guest's SYN; `connect` opens the host's side. */
  answer(syn: ParsedTcp, mac: MacAddress, connect: (events: HostTcpEvents) => HostTcpSocket): void {
    this.#guestMac = mac;
    this.#takeSyn(syn);
    this.#parts.armed(this.deadline);
    this.#socket = connect(this);
  }

  /** Begins with a connection that the host accepted. */
  call(take: (events: HostTcpEvents) => HostTcpSocket): void {
    this.#phase = 'calling';
    this.#socket = take(this);
    this.#socket.pause();
    this.#paused = true;
    this.#parts.armed(this.deadline);
    this.#parts.ready(this);
  }

  /** A segment of the guest with `length` bytes of payload. Its checksum has been checked. */
  segment(tcp: ParsedTcp, length: number, mac: MacAddress, copy: CopyPayload): void {
    this.#guestMac = mac;
    this.#lastHeard = this.#parts.now();
    this.#keepAlives = 0;
    if (this.#phase === 'connecting') {
      if ((tcp.flags & TcpFlag.rst) !== 0) this.abort();
      return;
    }
    if (this.#phase === 'calling' && !this.#takeAnswer(tcp)) return;
    this.#process(tcp, length, copy);
    if (!this.isOpening && this.#phase !== 'open') return;
    this.#parts.armed(this.deadline);
    this.#parts.ready(this);
  }

  connected(): void {
    if (this.#phase !== 'connecting') return;
    this.#phase = 'accepting';
    this.#parts.ready(this);
  }

  data(bytes: Uint8Array): void {
    if (this.#phase === 'closed' || this.#phase === 'lingering') return;
    this.#sender.buffer.append(bytes);
    this.#flow();
    this.#parts.ready(this);
  }

  drained(): void {
    if (this.#phase === 'lingering') this.#receiver.hold(this.#socket?.pending ?? 0);
    if (this.#phase !== 'open') return;
    const pending = this.#socket?.pending ?? 0;
    this.#receiver.hold(pending);
    if (!this.#receiver.wouldGrow(pending, this.#sender.segment)) return;
    this.#acknowledgeNow = true;
    this.#parts.ready(this);
  }

  ended(): void {
    this.#sender.end();
    this.#parts.ready(this);
  }

  closed(): void {
    this.#socket = undefined;
    if (this.#phase === 'lingering') this.#leave();
  }

  failed(failure: HostFailure): void {
    this.#socket = undefined;
    if (this.#phase === 'lingering') this.#leave();
    if (this.#phase === 'closed') return;
    this.#parts.refused(this, this.#phase === 'connecting' ? failure : 'reset');
    this.#close(false);
  }

  /** The deadline has passed. */
  expire(now: number): void {
    if (this.#phase === 'lingering') {
      if (this.#idleAt <= now) this.abort();
      return;
    }
    if (this.#acknowledgeAt !== undefined && this.#acknowledgeAt <= now) {
      this.#acknowledgeAt = undefined;
      this.#acknowledgeNow = true;
    }
    if (this.#idleAt <= now && !this.#idle(now)) return;
    if (this.#sender.deadline !== undefined && this.#sender.deadline <= now) {
      if (this.#parts.isBlocked()) this.#sender.postpone(now);
      else if (!this.#sender.timeout()) {
        this.#giveUp();
        return;
      } else if (!this.#sender.synAcknowledged) this.#sender.repeatSyn();
    }
    this.#parts.ready(this);
  }

  /** Ends both sides at once, without a word to the guest. */
  abort(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.reset();
    if (this.#phase === 'lingering') this.#leave();
    else this.#close(false);
  }

  next(accepts: NetOffloads): NetFrame | undefined {
    const destinationMac = this.#guestMac ?? this.#parts.guestMac();
    if (destinationMac === undefined) {
      // It is being asked for; ask again when there is no answer.
      this.#acknowledgeAt = this.#parts.now() + ASK_AGAIN;
      this.#parts.armed(this.deadline);
      return undefined;
    }
    const { guest, remote } = this.ends;
    const ends = { sourceMac: this.#parts.ownMac, destinationMac, source: remote, destination: guest };
    const frame = this.#phase === 'open' ? this.#openFrame(ends, accepts) : this.#synFrame(ends, accepts);
    this.#parts.armed(this.deadline);
    return frame;
  }

  #openFrame(ends: Ends, accepts: NetOffloads): NetFrame | undefined {
    const now = this.#parts.now();
    const { segment, buffer } = this.#sender;
    const plan = this.#sender.plan(segmentLimit(accepts, segment), now);
    if (plan === undefined && !this.#acknowledgeNow && !this.#probe) return undefined;
    const { offset = 0, length = 0, fin = false } = plan ?? {};
    const isLast = length > 0 && offset + length === buffer.length;
    const flags = TcpFlag.ack | (isLast ? TcpFlag.psh : 0) | (fin ? TcpFlag.fin : 0);
    // A keep-alive is about a byte that the guest has: it has to answer (RFC 9293, section 3.8.4).
    const sequence = plan?.sequence ?? this.#sender.next - (this.#probe ? 1 : 0);
    const payload = length === 0 ? [] : buffer.slice(offset, length);
    const frame = segmentFrame(ends, this.#header(sequence, flags), payload, length, segment, accepts);
    if (plan !== undefined) this.#sender.sent(plan, now);
    this.#probe = false;
    this.#acknowledgeNow = false;
    this.#unacknowledged = 0;
    this.#acknowledgeAt = undefined;
    return frame;
  }

  #header(sequence: number, flags: number) {
    const window = this.#receiver.promise(this.#socket?.pending ?? 0);
    const { guestPort, remotePort } = this.ends;
    return {
      sourcePort: remotePort,
      destinationPort: guestPort,
      sequence: sequence >>> 0,
      acknowledgment: (flags & TcpFlag.ack) === 0 ? 0 : this.#receiver.next,
      flags,
      window: Math.min(0xffff, window >>> ((flags & TcpFlag.syn) === 0 && this.#scaled ? this.#scale : 0)),
    };
  }

  #synFrame(ends: Ends, accepts: NetOffloads): NetFrame | undefined {
    const isAnswer = this.#phase === 'accepting';
    if (!(isAnswer || this.#phase === 'calling') || !this.#sender.synPending) return undefined;
    const flags = TcpFlag.syn | (isAnswer ? TcpFlag.ack : 0);
    const options = {
      maximumSegment: this.#parts.mtu - IPV4_HEADER - TCP_HEADER,
      ...(isAnswer && !this.#scaled ? {} : { windowScale: this.#scale }),
    };
    const header = { ...this.#header(this.#sender.next, flags), options };
    this.#sender.synSent(this.#parts.now());
    return segmentFrame(ends, header, [], 0, this.#sender.segment, accepts);
  }

  /** What the guest says of itself in its SYN. */
  #takeSyn({ sequence, window, options }: ParsedTcp): void {
    const { maximumSegment = 536, windowScale } = options;
    const largest = this.#parts.mtu - IPV4_HEADER - TCP_HEADER;
    this.#scaled = windowScale !== undefined;
    this.#sender.negotiate(Math.min(largest, Math.max(maximumSegment, 64)), windowScale ?? 0);
    this.#sender.setFirstWindow(window, sequence);
    this.#receiver.begin(sequence);
  }

  /** SYN-SENT (RFC 9293, section 3.10.7.3). True: the answer is to be processed like any segment. */
  #takeAnswer(tcp: ParsedTcp): boolean {
    const hasAck = (tcp.flags & TcpFlag.ack) !== 0;
    if (!hasAck || tcp.acknowledgment !== this.#sender.next || this.#sender.synPending) return false;
    if ((tcp.flags & TcpFlag.rst) !== 0) {
      this.abort();
      return false;
    }
    if ((tcp.flags & TcpFlag.syn) === 0) return false;
    this.#takeSyn(tcp);
    this.#sender.acknowledge(tcp.acknowledgment, tcp.sequence, tcp.window, false, this.#parts.now());
    this.#sender.setFirstWindow(tcp.window, tcp.sequence);
    this.#acknowledgeNow = true;
    this.#open();
    this.#parts.armed(this.deadline);
    this.#parts.ready(this);
    return false;
  }

  #open(): void {
    this.#phase = 'open';
    this.#parts.opened(this);
    if (this.#paused) this.#flow();
  }

  /** Any segment in SYN-RECEIVED and later (RFC 9293, section 3.10.7.4). */
  #process(tcp: ParsedTcp, length: number, copy: CopyPayload): void {
    const { flags, sequence } = tcp;
    const expected = this.#receiver.next;
    const fin = (flags & TcpFlag.fin) !== 0;
    const occupied = length + (fin ? 1 : 0);
    const ahead = distance(sequence, expected);
    if ((flags & TcpFlag.rst) !== 0) {
      // Only the exact number counts; one nearby is asked about (RFC 5961, section 3.2).
      if (ahead === 0) this.abort();
      else if (ahead > 0 && ahead < this.#receiver.window) this.#acknowledgeNow = true;
      return;
    }
    if ((flags & TcpFlag.syn) !== 0) {
      // The SYN again: the answer was lost. Any other is asked about (RFC 5961, section 4.2).
      if (this.#phase === 'accepting') this.#sender.repeatSyn();
      else this.#acknowledgeNow = true;
      return;
    }
    if ((flags & TcpFlag.ack) === 0) return;
    if (ahead > this.#receiver.window || ahead + occupied < 0) {
      this.#acknowledgeNow = true;
      return;
    }
    if (!this.#takeAcknowledgment(tcp, occupied === 0)) return;
    if (occupied > 0) this.#takeData(sequence, length, fin, copy);
    // A keep-alive, or a probe, of something that has come.
    else if (ahead < 0) this.#acknowledgeNow = true;
    if (this.#sender.finished && this.#receiver.ended) this.#close(!this.#closedByGuest);
  }

  #takeAcknowledgment(tcp: ParsedTcp, isPure: boolean): boolean {
    const { acknowledgment, sequence, window } = tcp;
    const before = this.#sender.buffer.length;
    if (!this.#sender.acknowledge(acknowledgment, sequence, window, isPure, this.#parts.now())) {
      this.#acknowledgeNow = true;
      return false;
    }
    if (this.#phase === 'accepting') {
      if (!this.#sender.synAcknowledged) return false;
      this.#open();
    }
    if (this.#sender.buffer.length < before) this.#flow();
    return true;
  }

  #takeData(sequence: number, length: number, fin: boolean, copy: CopyPayload): void {
    const hadEnded = this.#receiver.ended;
    const { bytes, ended, acknowledgeNow } = this.#receiver.accept(sequence, length, fin, copy);
    for (const piece of bytes) {
      this.#socket?.write(piece);
      this.#unacknowledged += piece.length;
    }
    this.#receiver.hold(this.#socket?.pending ?? 0);
    if (ended && !hadEnded) {
      this.#closedByGuest = !this.#sender.finSent;
      this.#socket?.end();
    }
    if (acknowledgeNow || this.#unacknowledged >= 2 * this.#sender.segment) this.#acknowledgeNow = true;
    else this.#acknowledgeAt ??= this.#parts.now() + DELAYED_ACK;
  }

  /** Lets the host send, or not, by what waits for the guest. */
  #flow(): void {
    const { length } = this.#sender.buffer;
    const { budget, limits } = this.#parts;
    budget.change(length - this.#held);
    this.#held = length;
    const isFull = length >= limits.buffer || (budget.free === 0 && length >= FLOOR);
    if (isFull && !this.#paused) {
      this.#paused = true;
      this.#socket?.pause();
    } else if (this.#paused && !this.isOpening) {
      const hasRoom = length <= limits.buffer / 2 && (budget.free > 0 || length < FLOOR);
      if (!hasRoom) return;
      this.#paused = false;
      this.#socket?.resume();
    }
  }

  get #idleAt(): number {
    const { limits } = this.#parts;
    if (this.isOpening) return this.#lastHeard + limits.opening;
    if (this.#keepAlives > 0) return this.#lastHeard + limits.idle + this.#keepAlives * KEEP_ALIVE;
    const isHalfClosed = this.#receiver.ended || this.#sender.finished;
    return this.#lastHeard + (isHalfClosed ? limits.halfClosed : limits.idle);
  }

  /** Nothing was heard for long. False: the connection is gone. */
  #idle(now: number): boolean {
    const isHalfClosed = this.#receiver.ended || this.#sender.finished;
    if (this.isOpening || isHalfClosed || this.#keepAlives >= KEEP_ALIVES) {
      this.#giveUp();
      return false;
    }
    this.#keepAlives += 1;
    this.#probe = true;
    this.#parts.armed(Math.max(now, this.deadline));
    return true;
  }

  /** The guest, or the time for the opening, is gone: both sides are told. */
  #giveUp(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.reset();
    this.#parts.refused(this, this.#phase === 'connecting' ? 'timeout' : 'reset');
    this.#close(false);
  }

  #close(waits: boolean): void {
    if (this.#phase === 'closed' || this.#phase === 'lingering') return;
    this.#phase = 'lingering';
    this.#parts.budget.change(-this.#held);
    this.#held = 0;
    this.#parts.closed(this, waits);
    this.#sender.buffer.clear();
    if (this.#socket === undefined) this.#leave();
  }

  /** The host's side is gone, too. What waited for it counted until now. */
  #leave(): void {
    this.#phase = 'closed';
    this.#receiver.release();
    this.#parts.gone(this);
  }
}

import type { DebugResumption, DebugSession, DebugStop, DebugTarget } from '@vivarium/contracts';
import { type Answer, type Client, PACKET_SIZE } from './client.ts';
import { execute } from './commands/execute.ts';
import { Failure } from './errors.ts';
import { ACKNOWLEDGED, asciiBytes, formatPacket, type Incoming, isOpening, PacketReader, REFUSED } from './packet.ts';
import { stopReply } from './stop-reply.ts';
import type { TargetDescription } from './target-description.ts';

/** Bytes to and from a client. */
export interface GdbTransport {
  send(bytes: Uint8Array): void;
  /** Ends the connection once what was sent has left. */
  close(): void;
}

/** Packets that wait for those before them; a client that sends more does not speak this protocol. */
const MOST_WAITING = 64;

/** One client's conversation with a machine. */
export class GdbConnection {
  readonly #transport: GdbTransport;
  readonly #session: DebugSession;
  readonly #client: Client;
  readonly #reader = new PacketReader(PACKET_SIZE);
  readonly #waiting: (Uint8Array | 'interrupt')[] = [];
  /** Resolves when the machine that the client came to stands still for the first time. */
  readonly #arrived: Promise<void>;
  #arrive = (): void => {};
  #begun = false;
  #busy = false;
  #acknowledges = true;
  #over = false;
  /** The client waits for the machine to stop. */
  #expects = false;
  #stop: DebugStop = { kind: 'halted', vcpu: 0 };
  #sent: Uint8Array = ACKNOWLEDGED;

  private constructor(
    target: DebugTarget,
    description: TargetDescription,
    transport: GdbTransport,
    attach: (stopped: (stop: DebugStop) => void) => DebugSession,
  ) {
    this.#transport = transport;
    this.#arrived = new Promise((resolve) => {
      this.#arrive = resolve;
    });
    this.#session = attach((stop) => this.#stopped(stop));
    this.#client = {
      target,
      session: this.#session,
      description,
      vcpu: 0,
      resumed: undefined,
      physical: false,
      hardware: new Set(),
      features: { swbreak: false, hwbreak: false },
    };
    // A client takes the machine to stand still when it comes.
    if (this.#session.halted) this.#arrive();
    else this.#session.halt();
  }

  /** Undefined when the machine has a debugger already, or has ended. */
  static open(target: DebugTarget, description: TargetDescription, transport: GdbTransport): GdbConnection | undefined {
    let told = (_stop: DebugStop): void => {};
    const session = target.attach((stop) => told(stop));
    if (session === undefined) return undefined;
    return new GdbConnection(target, description, transport, (stopped) => {
      told = stopped;
      return session;
    });
  }

  /** Takes what the client sends. Never throws. */
  receive(bytes: Uint8Array): void {
    const [first] = bytes;
    if (this.#over || first === undefined) return;
    if (!this.#begun && !isOpening(first)) {
      // A browser, or something else that does not mean a debugger.
      this.#end();
      return;
    }
    this.#begun = true;
    for (const incoming of this.#reader.push(bytes)) this.#take(incoming);
  }

  /** The client is gone: the machine goes on without it. */
  closed(): void {
    if (this.#over) return;
    this.#over = true;
    this.#session.detach();
  }

  #take(incoming: Incoming): void {
    if (this.#over) return;
    switch (incoming.kind) {
      case 'packet':
        if (this.#acknowledges) this.#transport.send(ACKNOWLEDGED);
        this.#enqueue(incoming.data);
        return;
      case 'corrupt':
        if (this.#acknowledges) this.#transport.send(REFUSED);
        return;
      case 'oversized':
        if (this.#acknowledges) this.#transport.send(ACKNOWLEDGED);
        this.#answer(Failure.tooLong);
        return;
      case 'again':
        if (this.#acknowledges) this.#transport.send(this.#sent);
        return;
      case 'interrupt':
        // In its turn: a command before it may let the machine go on.
        this.#enqueue('interrupt');
        return;
      case 'acknowledged':
    }
  }

  #enqueue(item: Uint8Array | 'interrupt'): void {
    this.#waiting.push(item);
    if (this.#waiting.length > MOST_WAITING) this.#end();
    else if (!this.#busy) void this.#work();
  }

  async #work(): Promise<void> {
    this.#busy = true;
    await this.#arrived;
    for (let item = this.#waiting.shift(); item !== undefined && !this.#over; item = this.#waiting.shift()) {
      try {
        if (item === 'interrupt') this.#session.halt();
        else await execute(item, this.#client, this.#conversation);
      } catch {
        // A command has a bug: its client hears of a failure, and nothing else of it.
        this.#answer(Failure.refused);
      }
    }
    this.#busy = false;
  }

  /** What commands do besides answering. */
  readonly #conversation = {
    answer: (answer: Answer): void => this.#answer(answer),
    stopAcknowledging: (): void => {
      this.#acknowledges = false;
    },
    resume: (resumption: DebugResumption): void => this.#resume(resumption),
    expectStop: (): void => {
      this.#expects = true;
      if (this.#session.halted) this.#tellStop();
    },
    detach: (): void => this.#end(),
    kill: (): void => this.#session.kill(),
  };

  #resume(resumption: DebugResumption): void {
    if (!this.#session.halted) {
      this.#answer(Failure.refused);
      return;
    }
    this.#expects = true;
    if (resumption.step.length + resumption.run.length === 0) this.#tellStop();
    else this.#session.resume(resumption);
  }

  #stopped(stop: DebugStop): void {
    this.#stop = stop;
    if (stop.kind !== 'ended') this.#client.vcpu = stop.vcpu;
    this.#arrive();
    if (this.#expects) this.#tellStop();
    if (stop.kind === 'ended') this.#end();
  }

  #tellStop(): void {
    this.#expects = false;
    const hardware = this.#stop.kind === 'breakpoint' && this.#client.hardware.has(this.#stop.address);
    this.#answer(stopReply(this.#stop, this.#client.features, hardware));
  }

  #answer(answer: Answer): void {
    if (this.#over) return;
    this.#sent = formatPacket(typeof answer === 'string' ? asciiBytes(answer) : answer);
    this.#transport.send(this.#sent);
  }

  #end(): void {
    if (this.#over) return;
    this.closed();
    this.#transport.close();
  }
}

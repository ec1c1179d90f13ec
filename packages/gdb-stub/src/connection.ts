import type { DebugStop, DebugTarget } from '@vivarium/contracts';
import { type Answer, type Client, PACKET_SIZE } from './client.ts';
import { type Conversation, execute } from './commands/execute.ts';
import { Failure } from './errors.ts';
import { ACKNOWLEDGED, asciiBytes, formatPacket, type Incoming, isOpening, PacketReader, REFUSED } from './packet.ts';
import { stopReply } from './stop-reply.ts';
import type { TargetDescription } from './register-description.ts';

/** Bytes to and from a client. */
export interface GdbTransport {
  send(bytes: Uint8Array): void;
  /** Ends the connection once what was sent has left. */
  close(): void;
  /** Told when the client turns out to be one, or is turned away. */
  attached?(): void;
  refused?(): void;
}

/** Packets that wait for those before them; a client that sends more does not speak this protocol. */
const MOST_WAITING = 64;

/** One client's conversation with a machine. It attaches with the first byte: who says nothing halts nothing. */
export class GdbConnection {
  readonly #target: DebugTarget;
  readonly #description: TargetDescription;
  readonly #transport: GdbTransport;
  readonly #reader = new PacketReader(PACKET_SIZE);
  readonly #waiting: (Uint8Array | 'interrupt')[] = [];
  /** Undefined before the first byte. */
  #client: Client | undefined;
  /** Settles when the machine that the client came to stands still for the first time. */
  #arrived: Promise<void> = Promise.resolve();
  #arrive = (): void => {};
  #busy = false;
  #acknowledges = true;
  #over = false;
  /** The client waits for the machine to stop. */
  #expects = false;
  #stop: DebugStop = { kind: 'halted', vcpu: 0 };
  #sent: Uint8Array = ACKNOWLEDGED;

  constructor(target: DebugTarget, description: TargetDescription, transport: GdbTransport) {
    this.#target = target;
    this.#description = description;
    this.#transport = transport;
  }

  /** Takes what the client sends. Never throws. */
  receive(bytes: Uint8Array): void {
    const [first] = bytes;
    if (this.#over || first === undefined) return;
    if (this.#client === undefined) {
      // A browser, or something else that does not mean a debugger.
      this.#client = isOpening(first) ? this.#attach() : undefined;
      if (this.#client === undefined) {
        this.#transport.refused?.();
        this.#end();
        return;
      }
      this.#transport.attached?.();
    }
    for (const incoming of this.#reader.push(bytes)) this.#take(incoming, this.#client);
  }

  #attach(): Client | undefined {
    const session = this.#target.attach((stop) => this.#stopped(stop));
    if (session === undefined) return undefined;
    // A client takes the machine to stand still when it comes.
    if (!session.halted) {
      this.#arrived = new Promise((resolve) => {
        this.#arrive = resolve;
      });
      session.halt();
    }
    return {
      target: this.#target,
      session,
      description: this.#description,
      vcpu: 0,
      resumed: undefined,
      physical: false,
      hardware: new Set(),
      features: { swbreak: false, hwbreak: false },
    };
  }

  /** The client is gone: the machine goes on without it. */
  closed(): void {
    if (this.#over) return;
    this.#over = true;
    this.#client?.session.detach();
  }

  #take(incoming: Incoming, client: Client): void {
    if (this.#over) return;
    switch (incoming.kind) {
      case 'packet':
        if (this.#acknowledges) this.#transport.send(ACKNOWLEDGED);
        this.#enqueue(incoming.data, client);
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
        this.#enqueue('interrupt', client);
        return;
      case 'acknowledged':
    }
  }

  #enqueue(item: Uint8Array | 'interrupt', client: Client): void {
    this.#waiting.push(item);
    if (this.#waiting.length > MOST_WAITING) this.#end();
    else if (!this.#busy) void this.#work(client);
  }

  async #work(client: Client): Promise<void> {
    const conversation = this.#conversation(client);
    this.#busy = true;
    await this.#arrived;
    for (let item = this.#waiting.shift(); item !== undefined && !this.#over; item = this.#waiting.shift()) {
      try {
        if (item === 'interrupt') client.session.halt();
        else await execute(item, client, conversation);
      } catch {
        // A command has a bug: its client hears of a failure, and nothing else of it.
        this.#answer(Failure.refused);
      }
    }
    this.#busy = false;
  }

  /** What commands do besides reading and writing the machine. */
  #conversation(client: Client): Conversation {
    const { session } = client;
    return {
      answer: (answer) => this.#answer(answer),
      stopAcknowledging: () => {
        this.#acknowledges = false;
      },
      resume: (resumption) => {
        this.#expects = true;
        if (resumption.step.length + resumption.run.length === 0) this.#tellStop(client);
        else session.resume(resumption);
      },
      expectStop: () => {
        this.#expects = true;
        if (session.halted) this.#tellStop(client);
      },
      detach: () => this.#end(),
      kill: () => session.kill(),
    };
  }

  #stopped(stop: DebugStop): void {
    this.#stop = stop;
    const client = this.#client;
    if (client !== undefined && stop.kind !== 'ended') client.vcpu = stop.vcpu;
    this.#arrive();
    if (client !== undefined && this.#expects) this.#tellStop(client);
    if (stop.kind === 'ended') this.#end();
  }

  #tellStop({ hardware, features }: Client): void {
    this.#expects = false;
    const stop = this.#stop;
    this.#answer(stopReply(stop, features, stop.kind === 'breakpoint' && hardware.has(stop.address)));
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

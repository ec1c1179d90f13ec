import { describeTarget, formatPacket, GdbConnection, PacketReader } from '../src/index.ts';
import { asciiBytes, asciiText } from '../src/packet.ts';
import type { FakeTarget } from './fake-target.ts';

/** A client that speaks packets with a connection. */
export class Conversation {
  readonly connection: GdbConnection;
  closed = false;
  /** Packets that came and were not yet asked for, and acknowledgments as `+` and `-`. */
  readonly received: string[] = [];
  readonly #reader = new PacketReader(1 << 20);

  constructor(target: FakeTarget) {
    this.connection = new GdbConnection(target, describeTarget(target.architecture, target.vcpus[0]), {
      send: (bytes) => {
        for (const incoming of this.#reader.push(bytes)) {
          if (incoming.kind === 'packet') this.received.push(asciiText(incoming.data));
          else this.received.push({ acknowledged: '+', again: '-' }[incoming.kind as string] ?? incoming.kind);
        }
      },
      close: () => {
        this.closed = true;
      },
    });
    // As GDB begins.
    this.raw('+');
  }

  send(packet: string): void {
    this.connection.receive(formatPacket(asciiBytes(packet)));
  }

  raw(text: string): void {
    this.connection.receive(asciiBytes(text));
  }

  /** What came since the last call, after everything that was sent has been dealt with. */
  async heard(): Promise<string[]> {
    await new Promise((resolve) => setImmediate(resolve));
    return this.received.splice(0);
  }

  /** The answer to one packet, without the acknowledgment. */
  async ask(packet: string): Promise<string> {
    this.send(packet);
    const heard = await this.heard();
    return heard.filter((text) => text !== '+').join('|');
  }
}

export const hexText = (text: string): string => Buffer.from(text).toString('hex');
export const textOf = (hex: string): string => Buffer.from(hex, 'hex').toString('latin1');

import type { NetBackend, NetFrame, NetHandlers, NetOffloads } from '@vivarium/contracts';
import { concatenate, finishFrame, isWhole, pcapngHeader, pcapngInterface, pcapngPacket } from '@vivarium/net-packet';

/** What {@link CaptureTap} works with. */
export interface CaptureSettings {
  /** Takes the next bytes of the capture. */
  readonly write: (bytes: Uint8Array) => unknown;
  /** Of the interface, as readers show it. */
  readonly name: string;
  /** Most bytes of the capture. */
  readonly limit: number;
  /** Nanoseconds since the Unix epoch. */
  readonly now: () => bigint;
  /** Nothing more is captured: the limit is reached, or `write` threw. */
  readonly ended: (why: string) => void;
}

type Direction = 'in' | 'out';

/** A network backend that passes everything on to another one, and a copy on to a capture. */
export class CaptureTap implements NetBackend {
  readonly #network: NetBackend;
  readonly #settings: CaptureSettings;
  #left: number;
  /** Frames for the guest that came from within `send`: they are captured behind the one that they answer. */
  #held: Uint8Array[] | undefined;

  constructor(network: NetBackend, settings: CaptureSettings) {
    this.#network = network;
    this.#settings = settings;
    this.#left = settings.limit;
    this.#put(pcapngHeader());
    this.#put(pcapngInterface(settings.name));
  }

  get accepts(): NetOffloads {
    return this.#network.accepts;
  }

  get linkUp(): boolean {
    return this.#network.linkUp;
  }

  get mtu(): number {
    return this.#network.mtu ?? 1500;
  }

  send(frame: NetFrame): boolean {
    if (this.#left === 0 || this.#held !== undefined) return this.#network.send(frame);
    const held: Uint8Array[] = [];
    this.#held = held;
    try {
      const taken = this.#network.send(frame);
      if (taken && isWhole(frame)) for (const packet of this.#packets(frame, 'out')) this.#put(packet);
      return taken;
    } finally {
      this.#held = undefined;
      for (const packet of held) this.#put(packet);
    }
  }

  connect(handlers: NetHandlers): void {
    this.#network.connect({
      get accepts() {
        return handlers.accepts;
      },
      receive: (frame) => {
        const taken = handlers.receive(frame);
        if (!taken || this.#left === 0) return taken;
        const packets = this.#packets(frame, 'in');
        if (this.#held === undefined) for (const packet of packets) this.#put(packet);
        else this.#held.push(...packets);
        return taken;
      },
      drained: () => handlers.drained(),
      linkChanged: (up) => handlers.linkChanged(up),
    });
  }

  resume(): void {
    this.#network.resume();
  }

  /** The frame as it would be on a wire. */
  #packets(frame: NetFrame, direction: Direction): readonly Uint8Array[] {
    const time = this.#settings.now();
    return finishFrame(frame).map(({ pieces }) => pcapngPacket({ time, bytes: concatenate(pieces), direction }));
  }

  #put(bytes: Uint8Array): void {
    if (this.#left === 0) return;
    if (bytes.length > this.#left) {
      this.#end(`the capture has reached its limit of ${this.#settings.limit} bytes`);
      return;
    }
    this.#left -= bytes.length;
    try {
      this.#settings.write(bytes);
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'no reason is given';
      this.#end(`the capture cannot be written any more: ${reason}`);
    }
  }

  #end(why: string): void {
    this.#left = 0;
    this.#settings.ended(why);
  }
}

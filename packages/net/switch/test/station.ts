import type { NetBackend, NetFrame, NetHandlers, NetOffloads } from '@vivarium/contracts';
import { concatenate, frameOf, type MacAddress, writeEthernet } from '@vivarium/net-packet';

/** A device with an address that remembers what it is sent. */
export class Station implements NetHandlers {
  readonly mac: MacAddress;
  accepts: NetOffloads = {};
  room = Number.POSITIVE_INFINITY;
  /** The frames, and their bytes. */
  readonly frames: NetFrame[] = [];
  readonly links: boolean[] = [];
  drains = 0;
  answer: ((bytes: Uint8Array) => void) | undefined;
  readonly #backend: NetBackend;

  constructor(backend: NetBackend, mac: MacAddress) {
    this.mac = mac;
    this.#backend = backend;
    backend.connect(this);
  }

  receive(frame: NetFrame): boolean {
    if (this.room <= 0) return false;
    this.room -= 1;
    const bytes = concatenate(frame.pieces);
    this.frames.push({ ...frame, pieces: [bytes] });
    this.answer?.(bytes);
    return true;
  }

  drained(): void {
    this.drains += 1;
  }

  linkChanged(up: boolean): void {
    this.links.push(up);
  }

  /** What it received since the last call: the text that `say` sent. */
  heard(): string[] {
    const texts = this.frames.map(({ pieces }) => {
      const bytes = concatenate(pieces);
      return new TextDecoder().decode(bytes.subarray(bytes[12] === 0x81 ? 18 : 14));
    });
    this.frames.length = 0;
    return texts;
  }

  /** Sends a text to another address; with a VLAN in a tag when given. */
  say(destination: MacAddress, text: string, vlan?: number): boolean {
    return this.#backend.send(frameOf(this.frame(destination, text, vlan)));
  }

  frame(destination: MacAddress, text: string, vlan?: number): Uint8Array {
    const head = new Uint8Array(18);
    const tag = vlan === undefined ? {} : { tag: { id: vlan, priority: 5, dropEligible: false } };
    const length = writeEthernet(head, { destination, source: this.mac, type: 0x88b5, ...tag });
    return concatenate([head.subarray(0, length), new TextEncoder().encode(text)]);
  }
}

/** GDB manual, appendix "Remote Serial Protocol", sections "Overview" and "Packet Acknowledgment". */
const START = 0x24; // $
const END = 0x23; // #
const ESCAPE = 0x7d; // }
const REPEAT = 0x2a; // *
const ESCAPED_BIT = 0x20;
const ACKNOWLEDGE = 0x2b; // +
const AGAIN = 0x2d; // -
const INTERRUPT = 0x03;

/** What a client sends. */
export type Incoming =
  /** The data of a packet, escapes undone. */
  | { readonly kind: 'packet'; readonly data: Uint8Array<ArrayBuffer> }
  /** A packet whose checksum is wrong, or that another one interrupts. */
  | { readonly kind: 'corrupt' }
  /** A packet with more data than was agreed on; the data is lost. */
  | { readonly kind: 'oversized' }
  | { readonly kind: 'acknowledged' }
  /** The last packet sent to the client did not arrive well. */
  | { readonly kind: 'again' }
  | { readonly kind: 'interrupt' };

const digit = (byte: number): number => {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : -1;
};

const ALONE: Readonly<Record<number, Incoming>> = {
  [ACKNOWLEDGE]: { kind: 'acknowledged' },
  [AGAIN]: { kind: 'again' },
  [INTERRUPT]: { kind: 'interrupt' },
};

/**
 * Takes a stream of bytes apart, however it is cut. Bytes that belong to nothing are passed over. Holds at most one
 * packet.
 */
export class PacketReader {
  readonly #data: Uint8Array<ArrayBuffer>;
  #length = 0;
  #oversized = false;
  #sum = 0;
  #escaped = false;
  #checksum = 0;
  /** Where in a packet the next byte is. */
  #place: 'outside' | 'data' | 'first digit' | 'second digit' = 'outside';

  /** `most`: bytes of data in a packet. */
  constructor(most: number) {
    this.#data = new Uint8Array(most);
  }

  push(bytes: Uint8Array): readonly Incoming[] {
    const found: Incoming[] = [];
    for (const byte of bytes) {
      const incoming = this.#take(byte);
      if (incoming !== undefined) found.push(incoming);
    }
    return found;
  }

  #take(byte: number): Incoming | undefined {
    if (byte === START && this.#place !== 'outside') {
      // Never part of data, not even of escaped data: the end of the packet before it was lost.
      this.#begin();
      return { kind: 'corrupt' };
    }
    switch (this.#place) {
      case 'outside':
        if (byte !== START) return ALONE[byte];
        this.#begin();
        return undefined;
      case 'data':
        return this.#takeData(byte);
      case 'first digit':
        this.#checksum = digit(byte) << 4;
        this.#place = 'second digit';
        return undefined;
      case 'second digit':
        this.#checksum |= digit(byte);
        this.#place = 'outside';
        return this.#finish();
    }
  }

  #takeData(byte: number): Incoming | undefined {
    if (byte === END) {
      this.#place = 'first digit';
      return undefined;
    }
    this.#sum = (this.#sum + byte) & 0xff;
    if (byte === ESCAPE && !this.#escaped) {
      this.#escaped = true;
      return undefined;
    }
    if (this.#length === this.#data.length) this.#oversized = true;
    else {
      this.#data[this.#length] = this.#escaped ? byte ^ ESCAPED_BIT : byte;
      this.#length += 1;
    }
    this.#escaped = false;
    return undefined;
  }

  #begin(): void {
    this.#place = 'data';
    this.#length = 0;
    this.#sum = 0;
    this.#escaped = false;
    this.#oversized = false;
  }

  #finish(): Incoming {
    // A character that is no digit makes the checksum negative, or the half of it.
    if (this.#checksum !== this.#sum || this.#escaped) return { kind: 'corrupt' };
    return this.#oversized ? { kind: 'oversized' } : { kind: 'packet', data: this.#data.slice(0, this.#length) };
  }
}

const isSpecial = (byte: number): boolean => byte === START || byte === END || byte === ESCAPE || byte === REPEAT;

/** A packet with this data, escaped where it has to be. */
export const formatPacket = (data: Uint8Array): Uint8Array<ArrayBuffer> => {
  const special = data.reduce((count, byte) => count + (isSpecial(byte) ? 1 : 0), 0);
  const packet = new Uint8Array(data.length + special + 4);
  packet[0] = START;
  let at = 1;
  let sum = 0;
  for (const byte of data) {
    if (isSpecial(byte)) {
      packet[at] = ESCAPE;
      packet[at + 1] = byte ^ ESCAPED_BIT;
      sum += ESCAPE + (byte ^ ESCAPED_BIT);
      at += 2;
    } else {
      packet[at] = byte;
      sum += byte;
      at += 1;
    }
  }
  packet[at] = END;
  packet.set(asciiBytes((sum & 0xff).toString(16).padStart(2, '0')), at + 1);
  return packet;
};

/** A string of which every character is one byte. */
export const asciiBytes = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(text, (character) => character.charCodeAt(0));

export const asciiText = (bytes: Uint8Array): string => {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
};

/** Acknowledgments, as bytes to send. */
export const ACKNOWLEDGED: Uint8Array<ArrayBuffer> = Uint8Array.of(ACKNOWLEDGE);
export const REFUSED: Uint8Array<ArrayBuffer> = Uint8Array.of(AGAIN);

/** What a client of this protocol can begin with. */
export const isOpening = (byte: number): boolean => byte === START || byte in ALONE;

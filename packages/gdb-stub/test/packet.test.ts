import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asciiBytes } from '../src/packet.ts';
import { formatPacket, type Incoming, PacketReader } from '../src/index.ts';

const MOST = 200;
const data = fc.uint8Array({ maxLength: MOST });

/** Bytes that often mean something, and any others. */
const byte = fc.oneof(fc.constantFrom(...asciiBytes('$#}*+-\u0003gmOK19af')), fc.nat({ max: 255 }));
const noise = fc.array(byte, { maxLength: 400 }).map((bytes) => Uint8Array.from(bytes));

/** Cuts bytes into pieces of the lengths given, the last one with what is left. */
const cut = (bytes: Uint8Array, lengths: readonly number[]): Uint8Array[] => {
  const pieces: Uint8Array[] = [];
  let at = 0;
  for (const length of lengths) {
    pieces.push(bytes.subarray(at, at + length));
    at += length;
  }
  return [...pieces, bytes.subarray(at)];
};

const readAll = (pieces: readonly Uint8Array[], most = MOST): Incoming[] => {
  const reader = new PacketReader(most);
  return pieces.flatMap((piece) => reader.push(piece));
};

describe('packets', () => {
  it('are written as the manual shows them', () => {
    const text = (packet: string): string => String.fromCharCode(...formatPacket(asciiBytes(packet)));
    // From the examples of the appendix: "Packet Acknowledgment" and "Examples".
    expect(text('OK')).toBe('$OK#9a');
    expect(text('')).toBe('$#00');
    expect(text('?')).toBe('$?#3f');
    expect(text('qSupported')).toBe('$qSupported#37');
    // 0x7d is sent as 0x7d 0x5d ("Overview").
    expect(text('}')).toBe('$}]#da');
  });

  it('come out as they went in, however they are cut', () => {
    fc.assert(
      fc.property(fc.array(data, { maxLength: 5 }), fc.array(fc.nat({ max: 40 })), (packets, lengths) => {
        const stream = Uint8Array.from(packets.flatMap((packet) => [...formatPacket(packet)]));
        expect(readAll(cut(stream, lengths))).toEqual(packets.map((packet) => ({ kind: 'packet', data: packet })));
      }),
    );
  });

  it('never hold the characters that mean something, and their sum is right', () => {
    fc.assert(
      fc.property(data, (packet) => {
        const bytes = formatPacket(packet);
        const inside = [...bytes.subarray(1, -3)];
        expect(inside).not.toContain(0x24);
        expect(inside).not.toContain(0x23);
        expect(inside).not.toContain(0x2a);
        const sum = inside.reduce((total, value) => total + value, 0) % 256;
        expect(Number.parseInt(String.fromCharCode(...bytes.subarray(-2)), 16)).toBe(sum);
      }),
    );
  });

  it('are found behind any bytes at all, which never throw', () => {
    fc.assert(
      fc.property(noise, data, fc.array(fc.nat({ max: 9 })), (before, packet, lengths) => {
        const good = formatPacket(packet);
        // A half packet may take the first of them with it, not the second.
        const stream = Uint8Array.from([...before, ...good, ...good]);
        const found = readAll(cut(stream, lengths));
        expect(found.at(-1)).toEqual({ kind: 'packet', data: packet });
      }),
      { numRuns: 1000 },
    );
  });

  it('are refused when a byte of them changed', () => {
    fc.assert(
      fc.property(data, fc.nat(), fc.integer({ min: 1, max: 255 }), (packet, place, change) => {
        const bytes = formatPacket(packet);
        const at = 1 + (place % (bytes.length - 1));
        const before = bytes[at] ?? 0;
        const after = before ^ change;
        // The same digit in the other case is the same sum.
        fc.pre(String.fromCharCode(before).toLowerCase() !== String.fromCharCode(after).toLowerCase());
        bytes[at] = after;
        expect(readAll([bytes])).not.toContainEqual({ kind: 'packet', data: packet });
      }),
    );
  });

  it('longer than agreed on are told apart, and the next one is read', () => {
    const long = formatPacket(new Uint8Array(11).fill(0x61));
    const next = formatPacket(asciiBytes('next'));
    expect(readAll([long, next], 10)).toEqual([{ kind: 'oversized' }, { kind: 'packet', data: asciiBytes('next') }]);
  });

  it('are apart from acknowledgments and interrupts, which inside of them are data', () => {
    const packet = asciiBytes('X+-\u0003');
    expect(readAll([asciiBytes('+-\u0003'), formatPacket(packet), asciiBytes('+')])).toEqual([
      { kind: 'acknowledged' },
      { kind: 'again' },
      { kind: 'interrupt' },
      { kind: 'packet', data: packet },
      { kind: 'acknowledged' },
    ]);
  });
});

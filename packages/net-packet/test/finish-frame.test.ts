import type { FrameOffload, NetFrame } from '@vivarium/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as p from '../src/index.ts';
import { byte, bytes, inPieces, ipv6, long, naiveChecksum, word } from './arbitraries.ts';

const MACS = { destination: 0x5254_0012_3456, source: 0x5254_0012_3457 };

/** A TCP segment over IPv4 or IPv6 as a driver hands it over that leaves cutting and the checksum to the device. */
const segmentFrame = (given: {
  readonly version: 4 | 6;
  readonly tagged: boolean;
  readonly source: bigint;
  readonly destination: bigint;
  readonly tcp: p.TcpHeader;
  readonly identification: number;
  readonly payload: Uint8Array;
}) => {
  const tag = given.tagged ? { tag: { id: 7, priority: 1, dropEligible: false } } : {};
  const head = new Uint8Array(200);
  const type = given.version === 4 ? p.EtherType.ipv4 : p.EtherType.ipv6;
  const ip = p.writeEthernet(head, { ...MACS, ...tag, type });
  const length = p.tcpHeaderLength(given.tcp) + given.payload.length;
  const source = Number(given.source & 0xffff_ffffn);
  const destination = Number(given.destination & 0xffff_ffffn);
  const tcp =
    given.version === 4
      ? p.writeIpv4(head, ip, {
          source,
          destination,
          protocol: 6,
          totalLength: 20 + length,
          identification: given.identification,
        })
      : p.writeIpv6(head, ip, {
          source: given.source,
          destination: given.destination,
          nextHeader: 6,
          payloadLength: length,
        });
  const pseudo =
    given.version === 4
      ? p.pseudoHeader4(source, destination, 6, length)
      : p.pseudoHeader6(given.source, given.destination, 6, length);
  const payload = p.writeTcp(head, tcp, { ...given.tcp, checksum: pseudo });
  return { whole: p.concatenate([head.subarray(0, payload), given.payload]), ip, tcp, payload };
};

const segment = fc.record({
  version: fc.constantFrom(4 as const, 6 as const),
  tagged: fc.boolean(),
  source: ipv6,
  destination: ipv6,
  identification: word,
  payload: bytes(6000),
  tcp: fc.record({
    sourcePort: word,
    destinationPort: word,
    sequence: long,
    acknowledgment: long,
    flags: byte,
    window: word,
    urgent: word,
    options: fc.constantFrom<p.TcpOptions>({}, { timestamps: [1, 2] }),
  }),
});

/** Reads a finished frame and checks every checksum in it with the naive sum. */
const readFinished = (frame: NetFrame, version: 4 | 6) => {
  const whole = p.concatenate(frame.pieces);
  expect(whole.length).toBe(frame.length);
  const ip = p.parseEthernet(whole)!.length;
  const v4 = version === 4 ? p.parseIpv4(whole, ip)! : undefined;
  const v6 = version === 6 ? p.parseIpv6(whole, ip)! : undefined;
  const start = ip + (v4?.headerLength ?? 40);
  expect(v4?.totalLength ?? 40 + v6!.payloadLength).toBe(whole.length - ip);
  const pseudo = new Uint8Array(version === 4 ? 12 : 40);
  pseudo.set(version === 4 ? whole.subarray(ip + 12, ip + 20) : whole.subarray(ip + 8, ip + 40));
  pseudo[pseudo.length - (version === 4 ? 3 : 1)] = 6;
  p.write16(pseudo, pseudo.length - (version === 4 ? 2 : 6), whole.length - start);
  const tcp = p.parseTcp(whole, start)!;
  return {
    v4,
    tcp,
    sum: naiveChecksum(p.concatenate([pseudo, whole.subarray(start)])),
    data: whole.subarray(start + tcp.headerLength),
  };
};

describe('finishFrame', () => {
  it('cuts a segment into frames that carry the same bytes, with right headers and checksums', () => {
    fc.assert(
      fc.property(
        segment,
        fc.integer({ min: 64, max: 3000 }),
        fc.array(fc.nat(6000), { maxLength: 4 }),
        (given, size, cuts) => {
          const { whole, payload, tcp } = segmentFrame(given);
          const protocol = given.version === 4 ? 'tcp4' : 'tcp6';
          const offload: FrameOffload = {
            checksum: { start: tcp, offset: 16 },
            segment: { protocol, size, headerLength: payload },
          };
          const frame = { pieces: inPieces(whole, cuts), length: whole.length, offload };
          const before = whole.slice();
          const frames = p.finishFrame(frame);
          expect(whole).toEqual(before);
          const read = frames.map((finished) => readFinished(finished, given.version));
          expect(frames.every((finished) => finished.offload === undefined)).toBe(true);
          expect(p.concatenate(read.map(({ data }) => data))).toEqual(given.payload);
          expect(frames.length).toBe(Math.max(1, Math.ceil(given.payload.length / size)));
          let sequence = given.tcp.sequence;
          read.forEach(({ v4, tcp: header, sum, data }, index) => {
            expect(sum).toBe(0);
            expect(data.length).toBeLessThanOrEqual(size);
            expect(header.sequence).toBe(sequence >>> 0);
            sequence += data.length;
            if (v4 !== undefined) expect(v4.identification).toBe((given.identification + index) & 0xffff);
            const isLast = index === read.length - 1;
            const kept = (isLast ? 0xff : 0xf6) & (index === 0 ? 0xff : 0x7f);
            expect(header).toMatchObject({ ...given.tcp, sequence: header.sequence, flags: given.tcp.flags & kept });
          });
          // A receiver that sums by itself gets the same frames once its sums are done.
          const partial = p.finishFrame(frame, { checksum: true });
          expect(partial.every((one) => one.offload?.checksum !== undefined && one.offload.segment === undefined)).toBe(
            true,
          );
          const finishedTwice = partial.flatMap((one) => p.finishFrame(one)).map((one) => p.concatenate(one.pieces));
          expect(finishedTwice).toEqual(frames.map((one) => p.concatenate(one.pieces)));
          expect(p.finishFrame(frame, { checksum: true, [protocol]: true })).toEqual([frame]);
        },
      ),
    );
  });

  it('cuts a whole packet of 64 KiB', () => {
    const payload = new Uint8Array(65_535 - 40).map((_, index) => index * 7);
    const tcp = { sourcePort: 1, destinationPort: 2, sequence: 2 ** 32 - 5, acknowledgment: 0, flags: 24, window: 9 };
    const given = {
      version: 4 as const,
      tagged: true,
      source: 1n,
      destination: 2n,
      identification: 65_530,
      payload,
      tcp,
    };
    const built = segmentFrame(given);
    const offload = { segment: { protocol: 'tcp4' as const, size: 1460, headerLength: 0 } };
    const frames = p.finishFrame({ pieces: [built.whole], length: built.whole.length, offload });
    expect(p.concatenate(frames.map((frame) => readFinished(frame, 4).data))).toEqual(payload);
    expect(frames.every((frame) => readFinished(frame, 4).sum === 0)).toBe(true);
  });

  it('completes a checksum, and never writes the zero that means none', () => {
    fc.assert(
      fc.property(
        bytes(200, 60),
        fc.integer({ min: 14, max: 40 }),
        fc.nat(18),
        fc.array(fc.nat(200)),
        (data, start, offset, cuts) => {
          const given = data.slice();
          const offload = { checksum: { start, offset } };
          const [finished, ...others] = p.finishFrame({ pieces: inPieces(data, cuts), length: data.length, offload });
          expect(others).toEqual([]);
          const whole = p.concatenate(finished.pieces);
          const field = p.read16(whole, start + offset);
          expect(field === naiveChecksum(given.subarray(start)) || field === 0xffff).toBe(true);
          expect(field).not.toBe(0);
          expect(data).toEqual(given);
          whole.set(given.subarray(start + offset, start + offset + 2), start + offset);
          expect(whole).toEqual(given);
          expect(p.finishFrame({ pieces: [data], length: data.length, offload }, { checksum: true })).toHaveLength(1);
        },
      ),
    );
  });

  it('gives a finished frame back as it is', () => {
    const frame = p.frameOf(new Uint8Array(60));
    expect(p.finishFrame(frame)[0]).toBe(frame);
  });

  it('gives nothing for offloads that make no sense, and throws for none', () => {
    const number = fc.oneof(fc.integer({ min: -70_000, max: 70_000 }), fc.double(), fc.constant(Number.NaN));
    const offload = fc.record(
      {
        checksum: fc.record({ start: number, offset: number }),
        segment: fc.record({ protocol: fc.constantFrom('tcp4', 'tcp6'), size: number, headerLength: number }),
      },
      { requiredKeys: [] },
    ) as fc.Arbitrary<FrameOffload>;
    fc.assert(
      fc.property(bytes(300), offload, fc.integer({ min: 0, max: 400 }), (data, claims, length) => {
        for (const accepts of [{}, { checksum: true }, { tcp4: true, tcp6: true }]) {
          const finished = p.finishFrame({ pieces: [data], length, offload: claims }, accepts);
          expect(finished.length).toBeLessThanOrEqual(10);
        }
      }),
      { numRuns: 2000 },
    );
    const udp = p.udpFrame({ sourceMac: 1, destinationMac: 2, source: 3, destination: 4 }, 1, 2, new Uint8Array(2000));
    const cut = { segment: { protocol: 'tcp4' as const, size: 1000, headerLength: 42 } };
    expect(p.finishFrame({ pieces: [udp], length: udp.length, offload: cut })).toEqual([]);
    for (const checksum of [
      { start: 2041, offset: 0 },
      { start: 0, offset: 2041 },
      { start: -2, offset: 6 },
    ]) {
      expect(p.finishFrame({ pieces: [udp], length: udp.length, offload: { checksum } })).toEqual([]);
    }
  });
});

describe('pieces of a frame', () => {
  it('are copied and cut where asked', () => {
    fc.assert(
      fc.property(bytes(100), fc.array(fc.nat(100)), fc.nat(120), fc.nat(120), (whole, cuts, a, b) => {
        const [start, end] = [Math.min(a, b), Math.max(a, b)];
        const pieces = inPieces(whole, cuts);
        const expected = whole.subarray(start, end);
        expect(p.concatenate(p.slicePieces(pieces, start, end))).toEqual(new Uint8Array(expected));
        const target = new Uint8Array(130);
        expect(p.copyPieces(pieces, start, end, target, 3)).toBe(expected.length);
        expect(target.subarray(3, 3 + expected.length)).toEqual(expected);
        const frame = { pieces, length: whole.length };
        expect(p.isWhole(frame)).toBe(true);
        expect(p.isWhole({ pieces, length: whole.length + 1 })).toBe(false);
        const copy = p.copyFrame(frame);
        const before = whole.slice();
        whole.fill(1);
        expect(p.concatenate(copy.pieces)).toEqual(before);
      }),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteQueue } from '../src/byte-queue.ts';
import { ReceiveCredit, SendCredit } from '../src/credit.ts';
import { readPacketHeader, writePacketHeader } from '../src/packet.ts';
import { HEADER_SIZE } from '../src/registers.ts';

const u32 = fc.oneof(fc.nat(0xffff_ffff), fc.constantFrom(0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff));

describe('credit', () => {
  it('of one side is what the other side has room for, over any number of wraps', () => {
    const step = fc.record({ send: fc.nat(3000), read: fc.nat(3000), tell: fc.boolean() });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4096 }), u32, fc.array(step, { maxLength: 200 }), (size, start, steps) => {
        const sender = new SendCredit();
        const receiver = new ReceiveCredit(size);
        // Both have been at it for a while.
        for (let left = start; left > 0; ) {
          const chunk = Math.min(left, size);
          expect(receiver.receive(chunk)).toBe(true);
          receiver.forward(chunk);
          sender.spend(chunk);
          left = left > 100 * size ? left % (100 * size) : left - chunk;
        }
        let waiting = 0;
        sender.update(size, receiver.tell());
        for (const { send, read, tell } of steps) {
          const sent = Math.min(send, sender.free);
          sender.spend(sent);
          expect(receiver.receive(sent)).toBe(true);
          waiting += sent;
          expect(waiting).toBeLessThanOrEqual(size);
          const taken = Math.min(read, waiting);
          receiver.forward(taken);
          waiting -= taken;
          // One byte more than there is room for is refused, and changes nothing.
          expect(receiver.receive(size - waiting + 1)).toBe(false);
          if (tell || receiver.isDue) {
            sender.update(size, receiver.tell());
            expect(sender.free).toBe(size - waiting);
          }
          // Who reads never leaves the other side without credit.
          expect(waiting === 0 && sender.free === 0).toBe(false);
        }
      }),
    );
  });

  it('wraps at 2^32', () => {
    const sender = new SendCredit();
    sender.update(0x8000_0000, 0);
    sender.spend(0x8000_0000);
    sender.update(0x8000_0000, 0x8000_0000);
    sender.spend(0x7fff_ffff);
    sender.update(100, 0xffff_ffff);
    expect(sender.free).toBe(100);
    sender.spend(60);
    expect(sender.free).toBe(40);
    sender.update(100, 59);
    expect(sender.free).toBe(100);
  });

  it('is none when the numbers of the other side make no sense', () => {
    const sender = new SendCredit();
    sender.spend(100);
    sender.update(1000, 101);
    expect(sender.free).toBe(0);
    sender.update(99, 0);
    expect(sender.free).toBe(0);
    sender.update(0xffff_ffff, 100);
    expect(sender.free).toBe(0xffff_ffff);
  });

  it('is between nothing and the buffer of the other side, whatever that says', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(1 << 20), u32, u32), { maxLength: 50 }), (steps) => {
        const sender = new SendCredit();
        for (const [spent, bufAlloc, fwdCnt] of steps) {
          sender.spend(spent);
          sender.update(bufAlloc, fwdCnt);
          expect(sender.free).toBeGreaterThanOrEqual(0);
          expect(sender.free).toBeLessThanOrEqual(bufAlloc);
        }
      }),
    );
  });
});

describe('the header of a packet', () => {
  it('reads as it was written', () => {
    const u16 = fc.nat(0xffff);
    const fields = fc.record({
      srcCid: u32,
      dstCid: u32,
      srcPort: u32,
      dstPort: u32,
      len: u32,
      type: u16,
      op: u16,
      flags: u32,
      bufAlloc: u32,
      fwdCnt: u32,
    });
    fc.assert(
      fc.property(fields, (header) => {
        expect(readPacketHeader(writePacketHeader(header))).toEqual(header);
      }),
    );
  });

  it('is any 44 bytes or more, and its parts are in range', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const header = readPacketHeader(bytes);
        expect(header === undefined).toBe(bytes.length < HEADER_SIZE);
        const { srcCid, dstCid, ...rest } = header ?? { srcCid: 0, dstCid: 0 };
        for (const cid of [srcCid, dstCid]) expect(Number.isNaN(cid) || cid <= 0xffff_ffff).toBe(true);
        for (const value of Object.values(rest)) expect(value >= 0 && value <= 0xffff_ffff).toBe(true);
      }),
    );
  });

  it('has its fields where the specification has them', () => {
    const bytes = writePacketHeader({
      srcCid: 0x0403_0201,
      dstCid: 2,
      srcPort: 0x1111_1111,
      dstPort: 0x2222_2222,
      len: 0x3333_3333,
      type: 0x4444,
      op: 0x5555,
      flags: 0x6666_6666,
      bufAlloc: 0x7777_7777,
      fwdCnt: 0x8888_8888,
    });
    expect(Buffer.from(bytes).toString('hex')).toBe(
      '0102030400000000020000000000000011111111222222223333333344445555666666667777777788888888',
    );
  });
});

describe('bytes that wait', () => {
  it('come out as they went in, and take no memory when there are none', () => {
    const step = fc.record({ append: fc.uint8Array({ maxLength: 9000 }), drop: fc.nat(12_000) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const queue = new ByteQueue();
        let model: number[] = [];
        for (const { append, drop } of steps) {
          queue.append(append);
          model.push(...append);
          expect(queue.length).toBe(model.length);
          for (let left = Math.min(drop, model.length); left > 0; ) {
            const front = queue.front();
            const count = Math.min(left, front.length);
            expect(Buffer.compare(front.subarray(0, count), Uint8Array.from(model.slice(0, count)))).toBe(0);
            queue.drop(count);
            model = model.slice(count);
            left -= count;
          }
          expect(queue.front().buffer.byteLength).toBeLessThanOrEqual(Math.max(8192, 2 * 30 * 9000));
          if (model.length === 0) expect(queue.front().buffer.byteLength).toBe(0);
        }
      }),
      { numRuns: 40 },
    );
  });
});

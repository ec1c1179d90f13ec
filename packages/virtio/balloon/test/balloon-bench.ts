import type { BalloonEvent, VirtioQueue } from '@vivarium/contracts';
import { type FakeVirtioQueue, fakeClock, fakeMemory, fakeVirtioQueue } from '@vivarium/testkit';
import { VirtioBalloon, type VirtioBalloonParts } from '../src/index.ts';
import * as r from '../src/registers.ts';

export const BASE = 0x8000_0000;
export const FIRST_PAGE = BASE / r.PAGE;
export const MIB = 1024 * 1024;

export const pageNumbers = (...pages: readonly number[]): Uint8Array =>
  new Uint8Array(Uint32Array.from(pages).buffer.slice(0));

/** A balloon with a driver's queues in a test's hands, RAM full of 0xaa. */
export const balloonBench = (parts: Partial<VirtioBalloonParts> = {}, piece = Number.POSITIVE_INFINITY) => {
  const clock = fakeClock();
  const memory = fakeMemory({ base: BASE, size: MIB });
  memory.writableView(BASE, MIB)?.fill(0xaa);
  const balloon = new VirtioBalloon({
    memory,
    clock,
    timer: (expired) => clock.timer(expired),
    deflateOnOom: true,
    reporting: true,
    ...parts,
  });
  const events: BalloonEvent[] = [];
  balloon.onEvent((event) => void events.push(event));
  const [inflateq, deflateq, statsq] = [r.INFLATEQ, r.DEFLATEQ, r.STATSQ].map((index) =>
    fakeVirtioQueue({ index, piece }),
  ) as [FakeVirtioQueue, FakeVirtioQueue, FakeVirtioQueue];
  const queues = [inflateq, deflateq, statsq];
  let changes = 0;
  const bench = {
    clock,
    memory,
    balloon,
    events,
    inflateq,
    deflateq,
    statsq,
    get changes() {
      return changes;
    },
    start: (features = balloon.features, with_: readonly (VirtioQueue | undefined)[] = queues) =>
      balloon.activate(features, with_, { configChanged: () => void (changes += 1), needsReset: () => {} }),
    reset: () => {
      for (const each of queues) each.kill();
      balloon.reset();
    },
    inflate: (...pages: readonly number[]) => {
      const request = inflateq.submit(pageNumbers(...pages), 0);
      balloon.notified(r.INFLATEQ);
      return request;
    },
    deflate: (...pages: readonly number[]) => {
      const request = deflateq.submit(pageNumbers(...pages), 0);
      balloon.notified(r.DEFLATEQ);
      return request;
    },
    /** Whether a page of RAM is all of one byte. */
    filled: (page: number, byte: number) => memory.view(page * r.PAGE, r.PAGE)?.every((each) => each === byte) ?? false,
    /** A field of the configuration space. */
    field: (offset: number) => {
      const bytes = Uint8Array.from([0, 1, 2, 3], (at) => balloon.config.read(offset + at));
      return new DataView(bytes.buffer).getUint32(0, true);
    },
    writeField: (offset: number, value: number) => {
      for (const at of [0, 1, 2, 3]) balloon.config.write(offset + at, (value >>> (8 * at)) & 0xff);
    },
  };
  return bench;
};

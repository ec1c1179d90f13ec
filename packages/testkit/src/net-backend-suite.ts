import {
  type FrameOffload,
  MAXIMUM_FRAME,
  type NetBackend,
  type NetFrame,
  type NetHandlers,
  type NetOffloads,
} from '@vivarium/contracts';
import { type ConformanceCase, expectThat, neverThrows, type SubjectFactory } from './conformance.ts';
import { seededRandom } from './random.ts';

/** A backend that is not connected yet, in a network that answers questions. */
export interface NetBackendSubject {
  readonly backend: NetBackend;
  /**
   * A frame of the device that the network answers with exactly one frame: an ARP request, or anything to a station
   * that sends back what it gets. `index` is below 2^16; another index makes another frame.
   */
  question(index: number): Uint8Array;
  /** Whether a frame for the device answers that question. */
  isAnswer(index: number, frame: Uint8Array): boolean;
  /** Lets what the network has put off happen: timers, for instance. */
  settle?(): void | Promise<void>;
  dispose?(): void | Promise<void>;
}

const ETHERNET_HEADER = 14;
const VLAN_TAG = 4;
const DEFAULT_MTU = 1500;
const FLOOD = 20_000;
const CHAIN = 3000;
const FUZZ_ROUNDS = 2000;
/** `receive` calls one inside of the other: a backend may answer at once, from within `send`, but not for ever. */
const DEEPEST = 8;

/** A device with as much room as the test gives it. */
class Device implements NetHandlers {
  accepts: NetOffloads = {};
  /** Frames that it takes before it refuses. */
  room = Number.POSITIVE_INFINITY;
  readonly taken: Uint8Array[] = [];
  readonly refused: Uint8Array[] = [];
  readonly problems: string[] = [];
  drains = 0;
  depth = 0;
  deepest = 0;
  onTaken: (() => void) | undefined;
  readonly #backend: NetBackend;

  constructor(backend: NetBackend) {
    this.#backend = backend;
  }

  receive(frame: NetFrame): boolean {
    const bytes = this.#read(frame);
    if (this.room <= 0) {
      this.refused.push(bytes);
      return false;
    }
    this.room -= 1;
    this.taken.push(bytes);
    this.depth += 1;
    this.deepest = Math.max(this.deepest, this.depth);
    this.onTaken?.();
    this.depth -= 1;
    return true;
  }

  drained(): void {
    this.drains += 1;
  }

  linkChanged(): void {}

  #read(frame: NetFrame): Uint8Array {
    const bytes = Uint8Array.from(frame.pieces.flatMap((piece) => [...piece]));
    const longest = ETHERNET_HEADER + VLAN_TAG + (this.#backend.mtu ?? DEFAULT_MTU);
    const { checksum, segment } = frame.offload ?? {};
    if (bytes.length !== frame.length) this.problems.push(`says ${frame.length} bytes and has ${bytes.length}`);
    if (bytes.length < ETHERNET_HEADER || bytes.length > MAXIMUM_FRAME) this.problems.push(`has ${bytes.length} bytes`);
    if (segment === undefined && bytes.length > longest) this.problems.push(`has ${bytes.length} bytes, above the MTU`);
    if (segment !== undefined && this.accepts[segment.protocol] !== true) this.problems.push('is a segment to be cut');
    if (checksum !== undefined && this.accepts.checksum !== true) this.problems.push('lacks its checksum');
    return bytes;
  }
}

const frameOf = (bytes: Uint8Array): NetFrame => ({ pieces: [bytes], length: bytes.length });

/** Frames that no driver sends, and that every backend must outlive. */
const hostileFrames = function* (sample: Uint8Array): Generator<NetFrame> {
  const random = seededRandom(0x6e65_7431);
  for (let length = 0; length < ETHERNET_HEADER; length += 1) yield frameOf(sample.slice(0, length));
  yield { pieces: [], length: 0 };
  yield { pieces: [], length: 60 };
  yield { pieces: [sample], length: MAXIMUM_FRAME };
  yield { pieces: [sample, new Uint8Array(0), sample], length: sample.length };
  yield { pieces: [sample], length: Number.NaN };
  yield { pieces: [sample], length: -1 };
  for (const length of [1515, 9000, MAXIMUM_FRAME, MAXIMUM_FRAME + 1, 1_000_000]) yield frameOf(new Uint8Array(length));
  const numbers = [0, 1, 13, 14, 34, sample.length - 1, sample.length, 65_535, -1, 2 ** 31, 0.5, Number.NaN];
  const number = (): number => numbers[random(numbers.length)] ?? 0;
  for (let round = 0; round < FUZZ_ROUNDS; round += 1) {
    const bytes = round % 2 === 0 ? sample.slice() : Uint8Array.from({ length: random(200) }, () => random(256));
    for (let change = random(4); change > 0 && bytes.length > 0; change -= 1) bytes[random(bytes.length)] = random(256);
    const cut = random(bytes.length + 1);
    const offload: FrameOffload = {
      ...(random(2) === 0 ? {} : { checksum: { start: number(), offset: number() } }),
      ...(random(2) === 0
        ? {}
        : {
            segment: { protocol: random(2) === 0 ? 'tcp4' : 'tcp6', size: number(), headerLength: number() },
          }),
    };
    yield { pieces: [bytes.subarray(0, cut), bytes.subarray(cut)], length: bytes.length, offload };
  }
};

/** What every network backend must do. */
export const netBackendSuite = (make: SubjectFactory<NetBackendSubject>): readonly ConformanceCase[] => {
  type Act = (subject: NetBackendSubject, settle: () => Promise<void>) => void | Promise<void>;
  const testCase = (id: string, title: string, act: Act): ConformanceCase => ({
    id: `net-backend/${id}`,
    title,
    run: async () => {
      const subject = await make();
      try {
        await act(subject, async () => subject.settle?.());
      } finally {
        await subject.dispose?.();
      }
    },
  });
  const same = (actual: unknown, expected: unknown, what: string): void =>
    expectThat(actual === expected, `${what} must be ${String(expected)}, and is ${String(actual)}`);
  const send = (backend: NetBackend, frame: NetFrame): boolean => {
    const taken = neverThrows('send', () => backend.send(frame));
    same(typeof taken, 'boolean', 'the answer of send');
    return taken;
  };
  const ask = (subject: NetBackendSubject, index: number): boolean =>
    send(subject.backend, frameOf(subject.question(index)));
  const plugIn = ({ backend }: NetBackendSubject): Device => {
    const device = new Device(backend);
    neverThrows('connect', () => backend.connect(device));
    return device;
  };
  /** Asks one question and expects its answer as the last frame that the device takes. */
  const answered = async (
    subject: NetBackendSubject,
    device: Device,
    settle: () => Promise<void>,
    when: string,
  ): Promise<void> => {
    const before = device.taken.length;
    expectThat(ask(subject, 0xffff), `a question ${when} must be taken`);
    await settle();
    const heard = device.taken.slice(before);
    expectThat(
      heard.some((frame) => subject.isAnswer(0xffff, frame)),
      `a question ${when} must be answered`,
      { frames: heard.length },
    );
    same(device.problems.join('; '), '', 'what is wrong with frames for the device');
  };

  return [
    testCase('shape', 'says what it takes, whether its link is up, and a possible MTU', ({ backend }) => {
      same(typeof backend.linkUp, 'boolean', 'the type of linkUp');
      for (const value of Object.values(backend.accepts)) same(typeof value, 'boolean', 'the type of an offload');
      const { mtu = DEFAULT_MTU } = backend;
      expectThat(Number.isInteger(mtu) && mtu >= 68 && mtu <= 65_535, `mtu must be 68 to 65535, and is ${mtu}`);
    }),
    testCase('unplugged', 'takes frames and resume before a device is connected', async (subject, settle) => {
      for (let index = 0; index < 100; index += 1) ask(subject, index);
      neverThrows('resume', () => subject.backend.resume());
      await settle();
      const device = plugIn(subject);
      neverThrows('resume with nothing waiting', () => subject.backend.resume());
      await answered(subject, device, settle, 'after that');
    }),
    testCase('hostile', 'outlives frames of impossible lengths, contents and offloads', async (subject, settle) => {
      const device = plugIn(subject);
      for (const frame of hostileFrames(subject.question(1))) send(subject.backend, frame);
      await settle();
      await answered(subject, device, settle, 'after them');
      for (const accepts of [{ checksum: true }, { checksum: true, tcp4: true, tcp6: true }]) {
        device.accepts = accepts;
        for (const frame of hostileFrames(subject.question(2))) send(subject.backend, frame);
        await settle();
        await answered(subject, device, settle, 'after them');
      }
    }),
    testCase('pieces', 'takes a frame in any pieces', async (subject, settle) => {
      const device = plugIn(subject);
      const question = subject.question(3);
      for (let size = 1; size <= question.length; size += 1) {
        const pieces = Array.from({ length: Math.ceil(question.length / size) }, (_, index) =>
          question.subarray(index * size, (index + 1) * size),
        );
        send(subject.backend, { pieces: [new Uint8Array(0), ...pieces], length: question.length });
        await settle();
        expectThat(
          device.taken.some((frame) => subject.isAnswer(3, frame)),
          `a question in pieces of ${size} bytes must be answered`,
        );
        device.taken.length = 0;
      }
    }),
    testCase(
      'refused',
      'keeps a frame that the device refuses, and offers it after resume',
      async (subject, settle) => {
        const device = plugIn(subject);
        device.room = 0;
        ask(subject, 4);
        ask(subject, 5);
        await settle();
        const { refused } = device;
        same(refused.length, 1, 'how often frames are offered to a device without room');
        neverThrows('resume without room', () => subject.backend.resume());
        await settle();
        same(refused.length, 2, 'how often frames are offered after a resume without room');
        same(String(refused[1]), String(refused[0]), 'the frame that is offered again');
        device.room = Number.POSITIVE_INFINITY;
        same(device.taken.length, 0, 'how many frames come before resume');
        neverThrows('resume', () => subject.backend.resume());
        await settle();
        same(String(device.taken[0]), String(refused[0]), 'the first frame after resume');
        for (const index of [4, 5]) {
          same(
            device.taken.filter((frame) => subject.isAnswer(index, frame)).length,
            1,
            `answers to question ${index}`,
          );
        }
        await answered(subject, device, settle, 'after that');
      },
    ),
    testCase('step', 'goes on one resume at a time for a device with room for one frame', async (subject, settle) => {
      const device = plugIn(subject);
      device.room = 0;
      for (let index = 0; index < 8; index += 1) ask(subject, index);
      await settle();
      for (let count = 0; count < 8; count += 1) {
        device.room = 1;
        neverThrows('resume', () => subject.backend.resume());
        await settle();
      }
      const missing = Array.from({ length: 8 }, (_, index) => index).filter(
        (index) => device.taken.filter((frame) => subject.isAnswer(index, frame)).length !== 1,
      );
      same(missing.join(), '', 'the questions without exactly one answer');
    }),
    testCase('flood', 'bounds what waits for a device without room, and is not hurt by it', async (subject, settle) => {
      const device = plugIn(subject);
      device.room = 0;
      /** How often the device had been told by `drained` when it was last refused. */
      let drainsBefore: number | undefined;
      for (let index = 0; index < FLOOD; index += 1) if (!ask(subject, index % 0xffff)) drainsBefore = device.drains;
      await settle();
      device.room = Number.POSITIVE_INFINITY;
      for (let round = 0; round < FLOOD && device.taken.length < FLOOD; round += 1) {
        const before = device.taken.length;
        neverThrows('resume', () => subject.backend.resume());
        await settle();
        if (device.taken.length === before) break;
      }
      expectThat(device.taken.length > 0, 'some of what waited must come after resume');
      expectThat(device.taken.length < FLOOD, `what waits must be bounded; ${FLOOD} frames were kept`);
      if (drainsBefore !== undefined) {
        expectThat(device.drains > drainsBefore, 'a device that was refused must be told by drained');
      }
      await answered(subject, device, settle, 'after the flood');
    }),
    testCase('copies', 'copies a frame before send returns', async (subject, settle) => {
      const device = plugIn(subject);
      device.room = 0;
      const buffer = new Uint8Array(2048);
      for (const index of [6, 7]) {
        const question = subject.question(index);
        buffer.set(question);
        send(subject.backend, frameOf(buffer.subarray(0, question.length)));
        buffer.fill(0xff);
      }
      device.room = Number.POSITIVE_INFINITY;
      neverThrows('resume', () => subject.backend.resume());
      await settle();
      for (const index of [6, 7]) {
        expectThat(
          device.taken.some((frame) => subject.isAnswer(index, frame)),
          `question ${index} must be answered though its buffer was written over`,
        );
      }
    }),
    testCase('nested', 'lets a device send from within receive, without growing the stack', async (subject, settle) => {
      const device = plugIn(subject);
      let asked = 0;
      device.onTaken = () => {
        if (asked < CHAIN) ask(subject, (asked += 1));
      };
      ask(subject, 0);
      for (let round = 0; round < CHAIN && device.taken.length <= CHAIN; round += 1) await settle();
      expectThat(device.taken.length > CHAIN, `of ${CHAIN} questions asked from within receive each must be answered`);
      expectThat(device.deepest <= DEEPEST, `receive must not be called ${device.deepest} times from within itself`);
      neverThrows('resume from within receive', () => {
        device.onTaken = () => subject.backend.resume();
        ask(subject, 1);
      });
      await settle();
      device.onTaken = undefined;
      await answered(subject, device, settle, 'after that');
    }),
    testCase('reconnect', 'lets another device take the place of the first', async (subject, settle) => {
      const first = plugIn(subject);
      await answered(subject, first, settle, 'of the first device');
      first.room = 0;
      ask(subject, 8);
      await settle();
      const [taken, refused] = [first.taken.length, first.refused.length];
      const second = plugIn(subject);
      await answered(subject, second, settle, 'of the second device');
      same(first.taken.length, taken, 'what the first device takes after it was replaced');
      same(first.refused.length, refused, 'what is offered to the first device after it was replaced');
    }),
  ];
};

import type { CharBackend, CharHandlers, CharPort } from '@vivarium/contracts';
import { type ConformanceCase, expectThat, neverThrows, type SubjectFactory } from './conformance.ts';

/** A backend that is not connected yet, and its far end where it has one. */
export interface CharBackendSubject {
  readonly backend: CharBackend;
  /** Without it, the cases about what arrives at the other end pass at once. */
  readonly port?: CharPort;
  dispose?(): void | Promise<void>;
}

const MEBIBYTE = 1024 * 1024;

/** A device that takes at most `room` bytes at a time. */
const device = (room: number): CharHandlers & { readonly taken: number[]; room: number; drains: number } => {
  const handlers = {
    taken: [] as number[],
    room,
    drains: 0,
    receive: (bytes: Uint8Array): number => {
      const accepted = bytes.subarray(0, handlers.room);
      handlers.taken.push(...accepted);
      return accepted.length;
    },
    drained: (): void => {
      handlers.drains++;
    },
  };
  return handlers;
};

const counting = (length: number): Uint8Array => Uint8Array.from({ length }, (_, index) => index & 0xff);

/** What every character backend must do. */
export const charBackendSuite = (make: SubjectFactory<CharBackendSubject>): readonly ConformanceCase[] => {
  const testCase = (
    id: string,
    title: string,
    act: (backend: CharBackend, port: CharPort | undefined) => void,
  ): ConformanceCase => ({
    id: `char-backend/${id}`,
    title,
    run: async () => {
      const subject = await make();
      try {
        act(subject.backend, subject.port);
      } finally {
        await subject.dispose?.();
      }
    },
  });
  const same = (actual: unknown, expected: unknown, what: string): void =>
    expectThat(actual === expected, `${what} must be ${String(expected)}, and is ${String(actual)}`);
  /** Writes and checks the answer. */
  const write = (backend: CharBackend, bytes: Uint8Array): number => {
    const taken = neverThrows('write', () => backend.write(bytes));
    const possible = Number.isInteger(taken) && taken >= 0 && taken <= bytes.length;
    expectThat(possible, `write of ${bytes.length} bytes must take 0 to ${bytes.length}, and takes ${taken}`);
    return taken;
  };

  return [
    testCase('write', 'takes no more than it is given, before and after it is connected', (backend) => {
      for (const length of [0, 1, 4096]) write(backend, counting(length));
      backend.connect(device(16));
      for (const length of [0, 1, 4096]) write(backend, counting(length));
      neverThrows('resume with nothing waiting', () => backend.resume());
    }),
    testCase('flood', 'survives 64 MiB from a guest that never stops', (backend) => {
      backend.connect(device(16));
      const chunk = new Uint8Array(MEBIBYTE);
      for (let count = 0; count < 64; count++) write(backend, chunk);
    }),
    testCase('output', 'delivers what it took, in order, and copies it', (backend, port) => {
      if (port === undefined) return;
      backend.connect(device(16));
      const heard: Uint8Array[] = [];
      const remove = port.onOutput((bytes) => heard.push(bytes));
      const bytes = Uint8Array.of(1, 2, 3);
      const taken = write(backend, bytes) + write(backend, Uint8Array.of(4));
      bytes.fill(9);
      same(heard.flatMap((chunk) => [...chunk]).join(), [1, 2, 3, 4].slice(0, taken).join(), 'the output');
      same([...port.scrollback()].slice(-taken).join(), [1, 2, 3, 4].slice(0, taken).join(), 'the scroll-back');
      remove();
      write(backend, Uint8Array.of(5));
      same(heard.flatMap((chunk) => [...chunk]).length, taken, 'how much is heard after removal');
    }),
    testCase('scrollback', 'keeps a bounded tail of the output', (backend, port) => {
      if (port === undefined) return;
      backend.connect(device(16));
      const lengths: number[] = [];
      for (let count = 0; count < 128; count++) {
        write(backend, new Uint8Array(MEBIBYTE));
        lengths.push(port.scrollback().length);
      }
      same(lengths.at(-1), lengths.at(-64), 'the scroll-back, after another 64 MiB,');
    }),
    testCase(
      'hold',
      'takes no output while the port holds it, and then asks the device for the rest',
      (backend, port) => {
        if (port === undefined) return;
        const uart = device(16);
        backend.connect(uart);
        const heard: number[] = [];
        port.onOutput((bytes) => heard.push(...bytes));
        const releases = [port.holdOutput(), port.holdOutput()];
        same(write(backend, Uint8Array.of(1)), 0, 'how many bytes are taken while output is held');
        releases[0]?.();
        releases[0]?.();
        same(write(backend, Uint8Array.of(1)), 0, 'how many bytes are taken while one of two holds lasts');
        same(uart.drains, 0, 'how often the device was asked for more while output was held');
        releases[1]?.();
        expectThat(uart.drains > 0, 'a device that was refused must be told when output flows again');
        same(write(backend, Uint8Array.of(1)), 1, 'how many bytes are taken after the release');
        same(heard.join(), '1', 'the output');
      },
    ),
    testCase('input', 'offers input again after resume: every byte once, in order', (backend, port) => {
      if (port === undefined) return;
      const uart = device(3);
      backend.connect(uart);
      const sent = counting(256);
      let accepted = port.send(sent);
      expectThat(accepted > 0 && accepted <= sent.length, `send must take some of its bytes, and takes ${accepted}`);
      for (let round = 0; round < 1000 && uart.taken.length < sent.length; round++) {
        backend.resume();
        accepted += port.send(sent.subarray(accepted));
      }
      same(uart.taken.join(), [...sent].join(), 'what the device received');
    }),
    testCase('input-early', 'keeps input that comes before the device', (backend, port) => {
      if (port === undefined) return;
      const accepted = port.send(Uint8Array.of(1, 2, 3));
      const uart = device(16);
      backend.connect(uart);
      backend.resume();
      same(uart.taken.join(), [1, 2, 3].slice(0, accepted).join(), 'what the device received');
    }),
    testCase(
      'input-bounded',
      'stops taking input for a device that reads none, and says when it has room',
      (backend, port) => {
        if (port === undefined) return;
        const uart = device(0);
        backend.connect(uart);
        let writable = 0;
        port.onWritable(() => writable++);
        const chunk = counting(MEBIBYTE);
        let accepted = 0;
        let refused = false;
        for (let count = 0; count < 64 && !refused; count++) {
          const taken = port.send(chunk);
          accepted += taken;
          refused = taken < chunk.length;
        }
        expectThat(refused, `input must be bounded; ${accepted} bytes were taken for a device that reads none`);
        same(writable, 0, 'how often it said that there is room while there was none');
        uart.room = 4096;
        for (let round = 0; round < 20_000 && uart.taken.length < accepted; round++) backend.resume();
        same(uart.taken.length, accepted, 'how many bytes the device received');
        expectThat(writable > 0, 'send that took less than it was given must be followed by writable');
      },
    ),
  ];
};

import type { CharBackend, CharHandlers } from '@vivarium/contracts';

/** The host side of a serial line in a test's hands. */
export interface FakeCharBackend extends CharBackend {
  /** Everything the device wrote. */
  readonly output: Uint8Array;
  /** How many bytes `write` takes from now on; unlimited at first. */
  room: number;
  /** Sends bytes to the device; what it does not take comes again when it calls `resume`. */
  send(bytes: Uint8Array): void;
  /** Bytes the device has not taken yet. */
  readonly waiting: number;
  /** Tells the device that there is room again. */
  drained(): void;
}

export const fakeCharBackend = (): FakeCharBackend => {
  const output: number[] = [];
  let input: readonly number[] = [];
  let handlers: CharHandlers | undefined;
  const offer = (): void => {
    if (handlers === undefined || input.length === 0) return;
    const offered = Uint8Array.from(input);
    input = input.slice(handlers.receive(offered));
  };
  const backend: FakeCharBackend = {
    room: Number.POSITIVE_INFINITY,
    get output() {
      return Uint8Array.from(output);
    },
    get waiting() {
      return input.length;
    },
    write: (bytes) => {
      const taken = bytes.subarray(0, Math.min(bytes.length, backend.room));
      output.push(...taken);
      backend.room -= taken.length;
      return taken.length;
    },
    connect: (device) => {
      handlers = device;
      offer();
    },
    resume: offer,
    send: (bytes) => {
      input = [...input, ...bytes];
      offer();
    },
    drained: () => handlers?.drained(),
  };
  return backend;
};

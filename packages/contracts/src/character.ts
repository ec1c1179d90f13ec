import { defineManyToken, defineToken, type Token } from './token.ts';

/** The device side of a character stream. */
export interface CharHandlers {
  /** Bytes from the host. Returns how many were taken; the rest comes again after {@link CharBackend.resume}. */
  receive(bytes: Uint8Array): number;
  /** A `write` that took less than it was given can go on. */
  drained(): void;
}

/** The host side of a character stream: what a serial port is plugged into. Bounded in both directions. */
export interface CharBackend {
  /** Takes as many bytes as fit now and returns how many; never throws, never blocks. Bytes are copied. */
  write(bytes: Uint8Array): number;
  /** Plugs the device in; one device per backend. */
  connect(handlers: CharHandlers): void;
  /** The device has room again after a `receive` that took less than it was given. */
  resume(): void;
}

/** The device takes the backend that the machine's spec names under `use`. */
export const CharBackendToken: Token<CharBackend> = defineToken('vivarium/char-backend', 1);

/** The face of a character stream for host code: a terminal, a test, a socket. */
export interface CharPort {
  /** Sends bytes to the guest. Returns how many were taken before the input queue (bounded) was full. */
  send(bytes: Uint8Array): number;
  /** Called at once with a copy of each piece of the guest's output. Returns its removal. */
  onOutput(listener: (bytes: Uint8Array) => void): () => void;
  /**
   * Makes the guest wait: no output is taken until the release that this returns is called. Several holds add up.
   * A consumer that cannot keep up holds, so that a flood waits in the guest and not in the host's memory.
   */
  holdOutput(): () => void;
  /** Called when `send` has room again. Returns its removal. */
  onWritable(listener: () => void): () => void;
  /** The last output kept for late viewers, at most the scroll-back cap. */
  scrollback(): Uint8Array;
}

export const CharPortToken: Token<CharPort> = defineToken('vivarium/char-port', 1);

/** A console whose device can tell the guest how large the terminal is. */
export interface ConsoleSize {
  /** Characters; 1 to 65535 each. Anything else is ignored. */
  resize(columns: number, rows: number): void;
}

export const ConsoleSizeToken: Token<ConsoleSize> = defineManyToken('vivarium/console-size', 1);

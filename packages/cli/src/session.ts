import type { Readable, Writable } from 'node:stream';
import type { ReadStream, WriteStream } from 'node:tty';

/** The streams of the process, as sessions use them. */
export interface Streams {
  readonly stdin: Readable & Partial<Pick<ReadStream, 'isTTY' | 'setRawMode'>>;
  readonly stdout: Writable & Partial<Pick<WriteStream, 'isTTY' | 'columns' | 'rows'>>;
  readonly stderr: Writable & Partial<Pick<WriteStream, 'isTTY' | 'columns'>>;
}

/** What connects a machine's consoles to the process while it runs. */
export interface Session {
  /** Hands over the output that is still on its way. */
  finish(): Promise<void>;
  /** Lets go of the streams at once. */
  close(): void;
}

import { type FrameOffload, MAXIMUM_FRAME, type NetFrame } from '@vivarium/contracts';
import { type QueueLimits, readOffload } from '@vivarium/net-link';

/** Version of the messages below; ends that speak another one do not hear each other. */
export const VERSION = 1;

/** What the two ends of a cable say to each other, as structured clones. */
export type CableMessage =
  /** Who I am, and how much may be on its way to me. Sent at the start, and in answer to a hello of an unknown session. */
  | {
      readonly kind: 'hello';
      readonly version: typeof VERSION;
      /** A random number: another one means that the other end has begun anew. */
      readonly session: number;
      readonly window: QueueLimits;
      readonly up: boolean;
    }
  /** A frame in one piece; its buffer is given away. */
  | { readonly kind: 'frame'; readonly bytes: Uint8Array<ArrayBuffer>; readonly offload?: FrameOffload }
  /** So many frames have left my queue, in all so many bytes. */
  | { readonly kind: 'taken'; readonly frames: number; readonly bytes: number }
  /** My side of the link went up or down. */
  | { readonly kind: 'link'; readonly up: boolean }
  /** I am still here. */
  | { readonly kind: 'alive' }
  /** I am gone. */
  | { readonly kind: 'bye' };

const isCount = (value: unknown, least: number): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= least;

const readWindow = (value: unknown): QueueLimits | undefined => {
  if (typeof value !== 'object' || value === null) return undefined;
  const { frames, bytes } = value as Readonly<Record<string, unknown>>;
  return isCount(frames, 1) && isCount(bytes, 1) ? { frames, bytes } : undefined;
};

/** Bytes of a frame that nobody else can change, in a buffer that is not much larger. */
const readBytes = (value: unknown): Uint8Array<ArrayBuffer> | undefined => {
  if (!(value instanceof Uint8Array) || value.length > MAXIMUM_FRAME) return undefined;
  const { buffer } = value;
  // Shared memory would change after it was checked; a small part of a large buffer would keep all of it.
  const isOwn = buffer instanceof ArrayBuffer && buffer.byteLength === value.length;
  return isOwn ? (value as Uint8Array<ArrayBuffer>) : Uint8Array.from(value);
};

const readHello = (fields: Readonly<Record<string, unknown>>): CableMessage | undefined => {
  const { version, session, up } = fields;
  const window = readWindow(fields['window']);
  if (version !== VERSION || !isCount(session, 0) || window === undefined || typeof up !== 'boolean') return undefined;
  return { kind: 'hello', version, session, window, up };
};

const readFrame = (fields: Readonly<Record<string, unknown>>): CableMessage | undefined => {
  const bytes = readBytes(fields['bytes']);
  if (bytes === undefined) return undefined;
  const offload = readOffload(fields['offload'], bytes.length);
  if (offload === 'nonsense') return undefined;
  return { kind: 'frame', bytes, ...(offload === undefined ? {} : { offload }) };
};

/** A message of the other end, which may be anything; undefined when it makes no sense. */
export const readMessage = (data: unknown): CableMessage | undefined => {
  if (typeof data !== 'object' || data === null) return undefined;
  const fields = data as Readonly<Record<string, unknown>>;
  const { kind, frames, bytes, up } = fields;
  switch (kind) {
    case 'hello':
      return readHello(fields);
    case 'frame':
      return readFrame(fields);
    case 'taken':
      return isCount(frames, 1) && isCount(bytes, 0) ? { kind, frames, bytes } : undefined;
    case 'link':
      return typeof up === 'boolean' ? { kind, up } : undefined;
    case 'alive':
    case 'bye':
      return { kind };
    default:
      return undefined;
  }
};

/** The frame that a message carries. */
export const frameOfMessage = ({ bytes, offload }: CableMessage & { readonly kind: 'frame' }): NetFrame => ({
  pieces: [bytes],
  length: bytes.length,
  ...(offload === undefined ? {} : { offload }),
});

import type { VirtioSubject } from '@vivarium/testkit';
import type { Choices } from '../../engine/choices.ts';
import type { See } from '../../engine/target.ts';

/** A request as a driver makes it, before it is cut into buffers. */
export interface FuzzRequest {
  readonly queue: number;
  readonly readable: Uint8Array;
  /** Bytes of room for the answer. */
  readonly writable: number;
}

/** A virtio device, and how to make requests that reach deep into it. */
export interface DeviceUnderFuzz extends VirtioSubject {
  request(choices: Choices): FuzzRequest;
  /** What most drivers send first. */
  readonly greeting?: readonly FuzzRequest[];
  /** Something that the host does meanwhile. */
  host?(choices: Choices, see: See): void;
  /** Looks at an answer, all the room for it and how much the device says it wrote; throws when it is none. */
  answered?(request: FuzzRequest, answer: Uint8Array, length: number, see: See): void;
  /** Requests are answered in later turns of the event loop. */
  readonly deferred?: boolean;
  /** The host takes everything back that makes requests fail, and answers all that waits. */
  heal?(): void | Promise<void>;
  /** Throws when something has grown beyond its bounds. */
  check?(): void;
}

/** Makes the device anew; the choices are those of the first action. */
export type MakeDevice = (choices: Choices) => DeviceUnderFuzz | Promise<DeviceUnderFuzz>;

import type { Problem } from './protocol.ts';

/** Where the server describes its guest, as JSON of {@link GuestDescription}. */
export const GUEST_PATH = '/guest/description.json';

/** A file of the guest on the server. */
export interface GuestFile {
  /** Path on the same origin. */
  readonly path: string;
  /** Bytes. */
  readonly length: number;
}

/** What the server says of the guest that it serves. */
export type GuestDescription =
  /** Ask again in a second. `done` and `total` as in the guest's own progress. */
  | { readonly state: 'preparing'; readonly message: string; readonly done?: number; readonly total?: number }
  | { readonly state: 'failed'; readonly problem: Problem }
  | {
      readonly state: 'ready';
      /** For people. */
      readonly release: string;
      readonly kernel: GuestFile;
      readonly initrd: GuestFile;
      readonly commandLine: string;
    };

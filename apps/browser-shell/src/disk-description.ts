import type { Problem } from './protocol.ts';

/** Where the server describes its disk, as JSON of {@link DiskDescription}. */
export const DISK_PATH = '/disk/description.json';

/** What the server says of the disk that it serves in ranges. */
export type DiskDescription =
  /** Ask again in a second. */
  | { readonly state: 'preparing' }
  | { readonly state: 'failed'; readonly problem: Problem }
  | {
      readonly state: 'ready';
      /** Of the image on the same origin. */
      readonly path: string;
      /** Bytes. */
      readonly length: number;
    };

import type { FsAttributes, FsBackend, FsNode } from '@vivarium/contracts';
import { isFault } from '@vivarium/fs-backend';
import {
  FOPEN_CACHE_DIR,
  FOPEN_DIRECT_IO,
  FOPEN_KEEP_CACHE,
  FUSE_AUTO_INVAL_DATA,
  FUSE_CACHE_SYMLINKS,
  FUSE_DIRECT_IO_ALLOW_MMAP,
} from './fuse-table.ts';

/**
 * How far the guest may trust what it has seen. `auto`: for a second, and it sees what the host changed in a file when
 * it opens it next; `always`: nobody else changes anything; `none`: it asks every time.
 */
export type CacheMode = 'auto' | 'always' | 'none';

const DAY = 86_400;
const TIMEOUTS: Readonly<Record<CacheMode, readonly [seconds: number, nanoseconds: number]>> = {
  auto: [1, 0],
  always: [DAY, 0],
  none: [0, 0],
};
/** Files whose last look is remembered; of the oldest the guest drops its pages once more than it must. */
const REMEMBERED = 65_536;

/** What a guest is told about its caches. */
export class CachePolicy {
  readonly mode: CacheMode;
  /** How long names and attributes are good. */
  readonly timeout: readonly [seconds: number, nanoseconds: number];
  readonly #seen = new Map<FsNode, string>();

  constructor(mode: CacheMode) {
    this.mode = mode;
    this.timeout = TIMEOUTS[mode];
  }

  /** Flags of INIT. A symbolic link never changes, another one is another node. */
  get initFlags(): number {
    if (this.mode === 'none') return 0;
    return FUSE_CACHE_SYMLINKS | (this.mode === 'auto' ? FUSE_AUTO_INVAL_DATA : 0);
  }

  /** Flags of INIT, second word. */
  get initFlags2(): number {
    return this.mode === 'none' ? FUSE_DIRECT_IO_ALLOW_MMAP : 0;
  }

  /** Flags for a file that is opened: may the guest keep the pages that it has? */
  openFlags(backend: FsBackend, node: FsNode): number {
    if (this.mode === 'none') return FOPEN_DIRECT_IO;
    if (this.mode === 'always') return FOPEN_KEEP_CACHE;
    const attributes = backend.getAttributes(node);
    if (isFault(attributes)) return 0;
    const look = lookOf(attributes);
    if (this.#seen.get(node) === look) return FOPEN_KEEP_CACHE;
    this.#seen.delete(node);
    const oldest = this.#seen.size < REMEMBERED ? undefined : this.#seen.keys().next().value;
    if (oldest !== undefined) this.#seen.delete(oldest);
    this.#seen.set(node, look);
    return 0;
  }

  /** Flags for a directory that is opened. */
  get openDirectoryFlags(): number {
    return this.mode === 'always' ? FOPEN_KEEP_CACHE | FOPEN_CACHE_DIR : 0;
  }

  reset(): void {
    this.#seen.clear();
  }
}

const lookOf = ({ modified, size }: FsAttributes): string => `${modified} ${size}`;

import type { FsLock, FsNode, FsResult } from '@vivarium/contracts';

/** The last byte that a lock can reach: to the end of the file, wherever that will be. */
export const LAST_BYTE = 2n ** 63n - 1n;

/** A lock to take, or a range to give back. */
export type LockRequest = Omit<FsLock, 'type'> & { readonly type: FsLock['type'] | 'unlock' };

const overlaps = (left: LockRequest, right: LockRequest): boolean => left.start <= right.end && right.start <= left.end;
const touches = (left: LockRequest, right: LockRequest): boolean =>
  left.start <= right.end + 1n && right.start <= left.end + 1n;
const isRange = ({ start, end }: LockRequest): boolean => start >= 0n && start <= end && end <= LAST_BYTE;

/** Advisory locks on ranges of files, as fcntl(2) has them: a new lock of an owner replaces what it covers. */
export class LockTable {
  readonly #locks = new Map<FsNode, readonly FsLock[]>();
  readonly #capacity: number;
  #count = 0;

  /** @param capacity locks on all files together */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get count(): number {
    return this.#count;
  }

  /** The first lock that stands in the way of `lock`. */
  conflict(node: FsNode, lock: FsLock): FsResult<FsLock | undefined> {
    if (!isRange(lock)) return 'EINVAL';
    return this.#of(node).find(
      (other) =>
        other.kind === lock.kind &&
        other.owner !== lock.owner &&
        (other.type === 'write' || lock.type === 'write') &&
        overlaps(other, lock),
    );
  }

  set(node: FsNode, request: LockRequest): FsResult<undefined> {
    if (!isRange(request)) return 'EINVAL';
    const { type } = request;
    if (type !== 'unlock' && this.conflict(node, { ...request, type }) !== undefined) return 'EAGAIN';
    let { start, end } = request;
    const kept: FsLock[] = [];
    for (const lock of this.#of(node)) {
      const own = lock.kind === request.kind && lock.owner === request.owner;
      if (own && lock.type === type && touches(lock, request)) {
        start = lock.start < start ? lock.start : start;
        end = lock.end > end ? lock.end : end;
      } else if (own && overlaps(lock, request)) {
        if (lock.start < request.start) kept.push({ ...lock, end: request.start - 1n });
        if (lock.end > request.end) kept.push({ ...lock, start: request.end + 1n });
      } else kept.push(lock);
    }
    if (type !== 'unlock') kept.push({ ...request, type, start, end });
    return this.#replace(node, kept);
  }

  /** Gives back what an owner has on a file. */
  release(node: FsNode, kind: FsLock['kind'], owner: string): void {
    this.#replace(
      node,
      this.#of(node).filter((lock) => lock.kind !== kind || lock.owner !== owner),
    );
  }

  /** Gives back everything on a file. */
  forget(node: FsNode): void {
    this.#replace(node, []);
  }

  clear(): void {
    this.#locks.clear();
    this.#count = 0;
  }

  #of(node: FsNode): readonly FsLock[] {
    return this.#locks.get(node) ?? [];
  }

  #replace(node: FsNode, locks: readonly FsLock[]): FsResult<undefined> {
    const count = this.#count - this.#of(node).length + locks.length;
    // What makes fewer is always taken: an unlock in the middle of a lock is what can fail.
    if (count > this.#capacity && count > this.#count) return 'ENOLCK';
    this.#count = count;
    if (locks.length === 0) this.#locks.delete(node);
    else this.#locks.set(node, locks);
    return undefined;
  }
}

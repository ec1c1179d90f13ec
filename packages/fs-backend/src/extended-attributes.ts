import type { FsErrno, FsName, FsResult } from '@vivarium/contracts';
import type { Budget } from './budget.ts';
import { LONGEST_NAME } from './name.ts';

/** Limits of Linux (include/uapi/linux/limits.h): one value, and all names of a file with a NUL behind each. */
const LARGEST_VALUE = 65_536;
const LARGEST_LIST = 65_536;
/** All attributes of one file, in bytes: twice the largest value. File systems allow for more or far less. */
const LARGEST_TOTAL = 131_072;
/** What an attribute takes besides its name and value. */
const OVERHEAD = 64;
/** What xattr(7) knows, but for `system.`: an access control list that nobody enforces must not seem to be there. */
const NAMESPACES = /^(?:user|trusted|security)\../s;

const costOf = (name: FsName, value: Uint8Array): number => OVERHEAD + name.length + value.length;

const nameFault = (name: FsName): FsErrno | undefined => {
  if (name === '' || name.length > LONGEST_NAME) return 'ERANGE';
  if (name.includes('\0')) return 'EINVAL';
  return NAMESPACES.test(name) ? undefined : 'EOPNOTSUPP';
};

/** The extended attributes of one file. */
export class ExtendedAttributes {
  readonly #values = new Map<FsName, Uint8Array>();
  readonly #budget: Budget;
  #total = 0;

  /** @param budget bytes of the attributes of all files */
  constructor(budget: Budget) {
    this.#budget = budget;
  }

  get size(): number {
    return this.#values.size;
  }

  get(name: FsName): FsResult<Uint8Array> {
    return nameFault(name) ?? this.#values.get(name)?.slice() ?? 'ENODATA';
  }

  /** Keeps a copy of `value`. */
  set(name: FsName, value: Uint8Array, how: 'any' | 'create' | 'replace'): FsErrno | undefined {
    const fault = nameFault(name);
    if (fault !== undefined) return fault;
    if (value.length > LARGEST_VALUE) return 'E2BIG';
    const old = this.#values.get(name);
    if (how === 'create' && old !== undefined) return 'EEXIST';
    if (how === 'replace' && old === undefined) return 'ENODATA';
    const listed = [...this.#values.keys()].reduce((total, key) => total + key.length + 1, 0);
    if (old === undefined && listed + name.length + 1 > LARGEST_LIST) return 'ENOSPC';
    const more = costOf(name, value) - (old === undefined ? 0 : costOf(name, old));
    if (this.#total + more > LARGEST_TOTAL || !this.#take(more)) return 'ENOSPC';
    this.#values.set(name, value.slice());
    return undefined;
  }

  list(): readonly FsName[] {
    return [...this.#values.keys()];
  }

  entries(): IterableIterator<[FsName, Uint8Array]> {
    return this.#values.entries();
  }

  remove(name: FsName): FsErrno | undefined {
    const fault = nameFault(name);
    if (fault !== undefined) return fault;
    const old = this.#values.get(name);
    if (old === undefined) return 'ENODATA';
    this.#take(-costOf(name, old));
    this.#values.delete(name);
    return undefined;
  }

  clear(): void {
    this.#take(-this.#total);
    this.#values.clear();
  }

  /** Takes bytes from the budget of all files, or gives them back. */
  #take(more: number): boolean {
    if (!this.#budget.take(more)) return false;
    this.#total += more;
    return true;
  }
}

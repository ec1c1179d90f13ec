import type { FsDirectoryEntry, FsErrno, FsName, FsResult } from '@vivarium/contracts';
import type { Budget } from './budget.ts';

/** What a listing needs to know of an entry; undefined when it is gone. */
export type EntryLook = (name: FsName) => Pick<FsDirectoryEntry, 'inode' | 'type'> | undefined;

/** An open directory: the names from when it was last read from the start, so that cookies are places in a list. */
export class OpenListing {
  readonly #budget: Budget;
  #names: readonly FsName[] = [];

  /** @param budget how many names all open directories of a backend hold together */
  constructor(budget: Budget) {
    this.#budget = budget;
  }

  /** Takes new names. `ENOMEM` when the budget of the backend does not allow for them. */
  list(names: readonly FsName[]): FsErrno | undefined {
    this.close();
    if (!this.#budget.take(names.length)) return 'ENOMEM';
    this.#names = names;
    return undefined;
  }

  /** Up to `limit` entries after `cookie`, `.` and `..` first; what `look` does not find any more is left out. */
  entries(cookie: number, limit: number, look: EntryLook): FsResult<readonly FsDirectoryEntry[]> {
    if (!Number.isSafeInteger(cookie) || cookie < 0) return 'EINVAL';
    const found: FsDirectoryEntry[] = [];
    for (let at = cookie; at < this.#names.length + 2 && found.length < limit; at++) {
      const name = at === 0 ? '.' : at === 1 ? '..' : (this.#names[at - 2] ?? '');
      const facts = look(name);
      if (facts !== undefined) found.push({ name, inode: facts.inode, type: facts.type, cookie: at + 1 });
    }
    return found;
  }

  close(): void {
    this.#budget.give(this.#names.length);
    this.#names = [];
  }
}

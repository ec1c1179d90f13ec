import type { BlockResult, HostFile } from '@vivarium/contracts';
import { blockFaultOf } from './block-fault.ts';

/**
 * Syncs a file for a disk. Once that failed it never succeeds again: the host may have dropped what it could not
 * write, so that a later sync finds nothing to do, and says so (https://lwn.net/Articles/752063/).
 */
export class SyncLatch {
  readonly #file: HostFile;
  #failed: BlockResult;

  constructor(file: HostFile) {
    this.#file = file;
  }

  sync(): BlockResult {
    if (this.#failed !== undefined) return this.#failed;
    try {
      this.#file.sync();
    } catch (error) {
      this.#failed = blockFaultOf(error);
    }
    return this.#failed;
  }
}

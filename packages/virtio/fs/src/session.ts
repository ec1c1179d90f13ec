// Hot: the way of each request to its operation and back.
import type { FsBackend, VirtioQueue, VirtioRequest } from '@vivarium/contracts';
import type { LockRequest } from '@vivarium/fs-backend';
import { attributeOperations } from './attribute-operations.ts';
import { type CacheMode, CachePolicy } from './cache-policy.ts';
import { Call } from './call.ts';
import { directoryOperations } from './directory-operations.ts';
import { fileOperations, isDirect } from './file-operations.ts';
import * as f from './fuse-table.ts';
import { initialize } from './initialization.ts';
import { getLock, lockIn, setLock } from './lock-operations.ts';
import { nameOperations } from './name-operations.ts';
import type { Operation, Outcome, Share } from './operation.ts';
import { Reply } from './reply.ts';

/** How files are shared. */
export interface SessionSettings {
  readonly backend: FsBackend;
  readonly cache: CacheMode;
  readonly writeback: boolean;
  readonly locks: boolean;
}

/** A lock that is waited for. */
interface Waiter {
  readonly queue: VirtioQueue;
  readonly call: Call;
  readonly lock: LockRequest;
}

const OPERATIONS: ReadonlyMap<number, Operation> = new Map<number, Operation>([
  ...nameOperations,
  ...fileOperations,
  ...directoryOperations,
  ...attributeOperations,
  [f.OPCODE.GETLK, getLock],
  [f.OPCODE.SETLK, setLock],
]);
/** These have no answer. */
const SILENT: readonly number[] = [f.OPCODE.FORGET, f.OPCODE.BATCH_FORGET, f.OPCODE.INTERRUPT];
/** After these a lock that somebody waits for may be free; who unlocks may do so with SETLKW, too. */
const UNLOCKING: readonly number[] = [f.OPCODE.SETLK, f.OPCODE.SETLKW, f.OPCODE.FLUSH, f.OPCODE.RELEASE];

/** One mount, from INIT to DESTROY or a reset. */
export class Session {
  readonly #settings: SessionSettings;
  /** Undefined before INIT. */
  #share: Share | undefined;
  #waiters: readonly Waiter[] = [];

  constructor(settings: SessionSettings) {
    this.#settings = settings;
  }

  /** Serves a request, and completes it unless it waits for a lock. */
  serve(queue: VirtioQueue, request: VirtioRequest): void {
    const call = Call.of(request);
    // Nobody to answer, or no room to say even that it failed.
    if (call === undefined || (request.writableLength < f.SIZE.out_header && !SILENT.includes(call.opcode))) {
      queue.complete(request, 0);
      return;
    }
    if (call.opcode === f.OPCODE.SETLKW && this.#share !== undefined) this.#lock(this.#share, queue, call);
    else queue.complete(request, send(call, this.#execute(call)));
    if (this.#waiters.length > 0 && UNLOCKING.includes(call.opcode)) this.#retry();
  }

  /** Everything is given back, as if it were never mounted. */
  end(): void {
    this.#waiters = [];
    if (this.#share === undefined) return;
    this.#share = undefined;
    this.#settings.backend.reset();
  }

  #execute(call: Call): Outcome {
    switch (call.opcode) {
      case f.OPCODE.INIT:
        return this.#initialize(call);
      case f.OPCODE.DESTROY:
        this.end();
        return undefined;
      case f.OPCODE.INTERRUPT:
        this.#interrupt(call.u32(), call.u32());
        return 'silent';
    }
    if (this.#share === undefined) return SILENT.includes(call.opcode) ? 'silent' : 'EIO';
    const operation = OPERATIONS.get(call.opcode);
    return operation === undefined ? 'ENOSYS' : operation(this.#share, call);
  }

  #initialize(call: Call): Outcome {
    const { backend, cache, writeback, locks } = this.#settings;
    const policy = new CachePolicy(cache);
    const offered =
      policy.initFlags |
      (writeback && cache !== 'none' ? f.FUSE_WRITEBACK_CACHE : 0) |
      (locks ? f.FUSE_POSIX_LOCKS | f.FUSE_FLOCK_LOCKS : 0);
    const result = initialize(call, offered, policy.initFlags2);
    if (typeof result === 'string') return result;
    // A driver that starts anew holds nothing of before.
    this.end();
    const { reply, flags } = result;
    if (flags !== undefined) {
      this.#share = { backend, policy, writeback: (flags & f.FUSE_WRITEBACK_CACHE) !== 0, locks };
    }
    return reply;
  }

  /** SETLKW: at once if it can be; else the request stays here until it can. */
  #lock(share: Share, queue: VirtioQueue, call: Call): void {
    const lock = lockIn(call);
    if (lock === undefined) queue.complete(call.request, send(call, 'EINVAL'));
    else this.#wait(share, { queue, call, lock });
  }

  #wait({ backend }: Share, waiter: Waiter): void {
    const { queue, call, lock } = waiter;
    const result = backend.setLock(call.node, lock);
    if (result !== 'EAGAIN') queue.complete(call.request, send(call, result));
    // Half of the queue stays free for what unlocks.
    else if (this.#waiters.length >= queue.size / 2) queue.complete(call.request, send(call, 'ENOLCK'));
    else this.#waiters = [...this.#waiters, waiter];
  }

  #retry(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    if (this.#share !== undefined) for (const waiter of waiters) this.#wait(this.#share, waiter);
  }

  #interrupt(low: number, high: number): void {
    const hit = this.#waiters.find(({ call }) => call.unique[0] === low && call.unique[1] === high);
    if (hit === undefined) return;
    this.#waiters = this.#waiters.filter((waiter) => waiter !== hit);
    hit.queue.complete(hit.call.request, send(hit.call, 'EINTR'));
  }
}

const send = (call: Call, outcome: Outcome): number => {
  if (outcome === 'silent') return 0;
  if (typeof outcome === 'string') return new Reply(0).sendError(call, outcome);
  if (outcome === undefined) return new Reply(0).send(call);
  if (isDirect(outcome)) return new Reply(0).sendHeader(call, outcome.direct);
  // An answer that the driver left too little room for.
  return outcome.send(call) || new Reply(0).sendError(call, 'EINVAL');
};

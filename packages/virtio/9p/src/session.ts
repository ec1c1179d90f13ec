// Hot: the way of each request to its operation and back.
import type { FsBackend, VirtioQueue, VirtioRequest } from '@vivarium/contracts';
import { Budget } from '@vivarium/fs-backend';
import { attributeOperations } from './attribute-operations.ts';
import { FidTable } from './fid-table.ts';
import { fileOperations } from './file-operations.ts';
import { lockOperations } from './lock-operations.ts';
import { Message } from './message.ts';
import { nameOperations } from './name-operations.ts';
import type { Operation, Outcome, Share } from './operation.ts';
import { ERROR_SIZE, SMALLEST_MSIZE, T, UNKNOWN_VERSION, VERSION } from './protocol-table.ts';
import { Reply } from './reply.ts';

/** How files are shared. */
export interface SessionSettings {
  readonly backend: FsBackend;
  /** Largest message in bytes that the driver can ask for. */
  readonly msize: number;
  /** How many files a driver can name at once. */
  readonly fids: number;
}

/** Bytes of the extended attributes that fids hold. */
const ATTRIBUTE_BYTES = 16 * 1024 * 1024;

/** Every answer is given at once, so that there is nothing that could be taken back. */
const flush: Operation = () => new Reply();

const OPERATIONS: ReadonlyMap<number, Operation> = new Map<number, Operation>([
  ...nameOperations,
  ...fileOperations,
  ...attributeOperations,
  ...lockOperations,
  [T.FLUSH, flush],
]);

/** One driver, from one Tversion to the next or a reset. */
export class Session {
  readonly #settings: SessionSettings;
  /** Undefined before a version is agreed on. */
  #share: Share | undefined;

  constructor(settings: SessionSettings) {
    this.#settings = settings;
  }

  /** Serves a request and completes it. */
  serve(queue: VirtioQueue, request: VirtioRequest): void {
    const message = Message.of(request, this.#share?.msize ?? SMALLEST_MSIZE);
    // Nobody to answer, or no room to say even that it failed.
    if (message === undefined || request.writableLength < ERROR_SIZE) queue.complete(request, 0);
    else queue.complete(request, send(message, this.#execute(message)));
  }

  /** Everything is given back. */
  end(): void {
    if (this.#share === undefined) return;
    this.#share.fids.clear();
    this.#share = undefined;
    this.#settings.backend.reset();
  }

  #execute(message: Message): Outcome {
    if (message.type === T.VERSION) return this.#version(message);
    if (this.#share === undefined) return 'EPROTO';
    // Tauth as well: Rlerror says that no authentication is needed.
    return OPERATIONS.get(message.type)?.(this.#share, message) ?? 'EOPNOTSUPP';
  }

  #version(message: Message): Outcome {
    const [asked, version] = [message.u32(), message.name()];
    if (message.cut || asked < SMALLEST_MSIZE) return 'EINVAL';
    // A driver that starts anew holds nothing of before.
    this.end();
    const { backend, fids } = this.#settings;
    const msize = Math.min(asked, this.#settings.msize);
    const known = version === VERSION;
    if (known) this.#share = { backend, fids: new FidTable(backend, fids, new Budget(ATTRIBUTE_BYTES)), msize };
    const answer = known ? VERSION : UNKNOWN_VERSION;
    return new Reply(6 + answer.length).u32(msize).name(answer);
  }
}

const send = (message: Message, outcome: Outcome): number => {
  // That there are no such attributes at all is said in another way here.
  if (typeof outcome === 'string') return Reply.error(message, outcome === 'ENOSYS' ? 'EOPNOTSUPP' : outcome);
  if ('direct' in outcome) return outcome.reply.sendBefore(message, outcome.direct);
  // An answer that the driver left too little room for.
  return outcome.send(message) || Reply.error(message, 'EINVAL');
};

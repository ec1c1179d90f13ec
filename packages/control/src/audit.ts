import { TokenBucket } from '@vivarium/token-bucket';
import type { Principal } from './roles.ts';
import type { AuditEntry } from './schemas.ts';

/** Where entries of the audit log go. */
export interface AuditLog {
  /** Must not throw: whoever cannot write says so elsewhere. */
  write(entry: AuditEntry): void;
  /** The last entries that are kept, oldest first. */
  last(most: number): Promise<readonly AuditEntry[]>;
}

/** Characters of names and inputs that are kept. */
const LONGEST_NAME = 128;
const LONGEST_INPUT = 512;
/** Refusals of one principal that are written: a guest that asks all day must not push others out of the log. */
const REFUSALS = { rate: 1, burst: 50 };
/** Principals that are counted; of more, the one that was refused longest ago is forgotten. */
const MOST_PRINCIPALS = 256;

/** An audit log in memory, bounded: for tests, and for hosts that keep none. */
export const memoryAudit = (most = 1000): AuditLog => {
  const entries: AuditEntry[] = [];
  return {
    write: (entry) => {
      entries.push(entry);
      if (entries.length > most) entries.shift();
    },
    last: async (count) => entries.slice(-count),
  };
};

/** What is written about one request. */
export interface Audited {
  readonly principal: Principal;
  readonly operation: string;
  readonly target: string;
  readonly input: unknown;
  readonly outcome: AuditEntry['outcome'];
  readonly code?: string | undefined;
}

const cut = (text: string, most: number): string => (text.length <= most ? text : `${text.slice(0, most - 1)}…`);

const asText = (input: unknown): string => {
  try {
    return JSON.stringify(input) ?? '';
  } catch {
    return '(no JSON)';
  }
};

/** Makes entries of requests, and keeps floods of refusals out of the log. */
export class Auditor {
  readonly #log: AuditLog;
  readonly #now: () => number;
  readonly #refusals = new Map<string, { readonly bucket: TokenBucket; unwritten: number }>();

  /** `now`: milliseconds since 1970. */
  constructor(log: AuditLog, now: () => number) {
    this.#log = log;
    this.#now = now;
  }

  get log(): AuditLog {
    return this.#log;
  }

  write({ principal, operation, target, input, outcome, code }: Audited): void {
    const unwritten = outcome === 'refused' ? this.#refused(principal) : 0;
    if (unwritten === undefined) return;
    this.#log.write({
      time: new Date(this.#now()).toISOString(),
      principal: cut(principal.name, LONGEST_NAME),
      role: principal.role ?? 'none',
      via: cut(principal.via, LONGEST_NAME),
      operation: cut(operation, LONGEST_NAME),
      target: cut(target, LONGEST_NAME),
      input: cut(asText(input), LONGEST_INPUT),
      outcome,
      ...(code === undefined ? {} : { code }),
      ...(unwritten === 0 ? {} : { unwritten }),
    });
  }

  /** How many refusals before this one were not written; undefined when this one is not to be, either. */
  #refused({ name, via }: Principal): number | undefined {
    const key = `${via}\n${cut(name, LONGEST_NAME)}`;
    const now = this.#now() * 1e6;
    const known = this.#refusals.get(key) ?? { bucket: new TokenBucket(REFUSALS, now), unwritten: 0 };
    this.#refusals.delete(key);
    this.#refusals.set(key, known);
    if (this.#refusals.size > MOST_PRINCIPALS) {
      for (const oldest of this.#refusals.keys()) {
        this.#refusals.delete(oldest);
        break;
      }
    }
    if (!known.bucket.take(1, now)) {
      known.unwritten++;
      return undefined;
    }
    const { unwritten } = known;
    known.unwritten = 0;
    return unwritten;
  }
}

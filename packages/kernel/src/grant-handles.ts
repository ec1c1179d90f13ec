import {
  type Clock,
  type Grant,
  type GrantHandles,
  type GuestMemory,
  type InterruptLine,
  type MemoryBank,
  type Timer,
  UNCONNECTED,
} from '@vivarium/contracts';
import { errors } from './errors.ts';
import { resolveHostPath } from './host-path.ts';

/** What stands behind the grants of one part. */
export interface GrantSources {
  readonly part: string;
  readonly plugin: string;
  readonly grants: readonly Grant[];
  readonly memory: GuestMemory | undefined;
  readonly clock: Clock | undefined;
  /** The lines the spec wires, by the name of the interrupt. */
  readonly lines: ReadonlyMap<string, InterruptLine>;
  readonly hostRoots: readonly string[];
  /** Told when a timer's callback throws. */
  readonly timerFailed: (error: unknown) => void;
}

/**
 * The handles of one part. Once revoked they still answer, because a guest may be what calls them, but do nothing:
 * memory has no banks, lines and timers go nowhere.
 */
export class RevocableGrants implements GrantHandles {
  readonly #sources: GrantSources;
  readonly #memory: RevocableMemory;
  readonly #lines = new Map<string, RevocableLine>();
  readonly #timers = new Set<RevocableTimer>();
  #revoked = false;

  constructor(sources: GrantSources) {
    this.#sources = sources;
    this.#memory = new RevocableMemory(sources.memory);
  }

  get memory(): GuestMemory {
    this.#declared('guest-memory');
    return this.#memory;
  }

  // Fields, not methods, so that a plugin may take the handles apart.
  readonly interrupt = (name: string): InterruptLine => {
    this.#declared('interrupts');
    return this.#revoked ? UNCONNECTED : this.#line(name);
  };

  readonly timer = (expired: () => void): Timer => {
    this.#declared('timers');
    const { clock, timerFailed } = this.#sources;
    const timer = new RevocableTimer(clock, expired, timerFailed);
    if (this.#revoked) timer.revoke();
    else this.#timers.add(timer);
    return timer;
  };

  readonly hostPath = (path: string): string => {
    this.#declared('host-files');
    const { part, hostRoots } = this.#sources;
    if (this.#revoked) throw errors.make('VIV_GRANT_REVOKED', `part "${part}" is disposed`, { details: { part } });
    return resolveHostPath(part, hostRoots, path);
  };

  /** Wires an interrupt that the spec does not, once the device has named it. */
  connect(name: string, line: InterruptLine): void {
    this.#line(name).connect(line);
  }

  revoke(): void {
    this.#revoked = true;
    this.#memory.revoke();
    for (const line of this.#lines.values()) line.revoke();
    for (const timer of this.#timers) timer.revoke();
    this.#timers.clear();
  }

  #line(name: string): RevocableLine {
    const line = this.#lines.get(name) ?? new RevocableLine(this.#sources.lines.get(name) ?? UNCONNECTED);
    this.#lines.set(name, line);
    return line;
  }

  #declared(grant: Grant): void {
    const { part, plugin, grants } = this.#sources;
    if (grants.includes(grant)) return;
    throw errors.make('VIV_GRANT_UNDECLARED', `part "${part}" (${plugin}) uses "${grant}", which it does not list`, {
      details: { part, plugin, grant },
    });
  }
}

class RevocableMemory implements GuestMemory {
  #memory: GuestMemory | undefined;

  constructor(memory: GuestMemory | undefined) {
    this.#memory = memory;
  }

  get banks(): readonly MemoryBank[] {
    return this.#memory?.banks ?? [];
  }

  view(address: number, length: number): Uint8Array | undefined {
    return this.#memory?.view(address, length);
  }

  writableView(address: number, length: number): Uint8Array | undefined {
    return this.#memory?.writableView(address, length);
  }

  write(address: number, bytes: Uint8Array): boolean {
    return this.#memory?.write(address, bytes) ?? false;
  }

  read(address: number, length: number): Uint8Array | undefined {
    return this.#memory?.read(address, length);
  }

  get pin(): GuestMemory['pin'] {
    return this.#memory?.pin;
  }

  get unpin(): GuestMemory['pin'] {
    return this.#memory?.unpin;
  }

  revoke(): void {
    this.#memory = undefined;
  }
}

class RevocableLine implements InterruptLine {
  #line: InterruptLine;
  #level = false;

  constructor(line: InterruptLine) {
    this.#line = line;
  }

  set(level: boolean): void {
    this.#level = level;
    this.#line.set(level);
  }

  /** Goes to `line` from now on; a level that was set before there was a wire is not lost. */
  connect(line: InterruptLine): void {
    this.#line = line;
    if (this.#level) line.set(true);
  }

  revoke(): void {
    this.#line = UNCONNECTED;
  }
}

class RevocableTimer implements Timer {
  #timer: Timer | undefined;

  constructor(clock: Clock | undefined, expired: () => void, failed: (error: unknown) => void) {
    this.#timer = clock?.timer(() => {
      if (this.#timer === undefined) return;
      try {
        expired();
      } catch (error) {
        failed(error);
      }
    });
  }

  get deadline(): number | undefined {
    return this.#timer?.deadline;
  }

  arm(deadline: number): void {
    this.#timer?.arm(deadline);
  }

  cancel(): void {
    this.#timer?.cancel();
  }

  revoke(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}

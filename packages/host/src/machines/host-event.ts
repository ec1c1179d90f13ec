import type { PlainEnd } from '../cells/messages.ts';

/** Something that happened on a host. Plain data. */
export interface HostEvent {
  /** 1, 2, 3…: none is left out. */
  readonly sequence: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly machine: string;
  /**
   * Of the host: `host:created`, `host:adopted`, `host:started`, `host:ended`, `host:restart`, `host:gave-up`,
   * `host:failure`, `host:destroyed`. Of the cell: `cell:silent`. All others are the machine's own.
   */
  readonly name: string;
  readonly event: unknown;
}

/** What `host:ended` carries. */
export interface EndedEvent {
  readonly end: PlainEnd;
  /** It was stopped or killed through the host. */
  readonly asked: boolean;
}

/** Gives events their numbers and hands them on. A listener that throws does not keep the others from hearing. */
export class EventLog {
  readonly #now: () => number;
  #listeners: readonly ((event: HostEvent) => void)[] = [];
  #sequence = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  on(listener: (event: HostEvent) => void): () => void {
    const entry = (event: HostEvent): void => listener(event);
    this.#listeners = [...this.#listeners, entry];
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== entry);
    };
  }

  emit(machine: string, name: string, event: unknown): void {
    const entry: HostEvent = { sequence: ++this.#sequence, time: this.#now(), machine, name, event };
    for (const listener of this.#listeners) {
      try {
        listener(entry);
      } catch {
        // Whoever listens looks after itself.
      }
    }
  }
}

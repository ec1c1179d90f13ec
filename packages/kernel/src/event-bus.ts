import type { EventSink, EventSource, MachineEvents } from '@vivarium/contracts';

type Listener = (event: never) => void;

/** Listeners that emit from within a listener come to an end here. */
const MAX_DEPTH = 16;

/** The typed events of one machine. A listener that throws is logged and stops neither the others nor the emitter. */
export class EventBus implements EventSource, EventSink {
  readonly #listeners = new Map<keyof MachineEvents, readonly Listener[]>();
  #depth = 0;

  on<Name extends keyof MachineEvents>(name: Name, listener: (event: MachineEvents[Name]) => void): () => void {
    // A list per change: one that is being called stays as it is. The wrapper makes two registrations of one
    // function two entries, so that each removal removes its own.
    const entry: Listener = (event: MachineEvents[Name]) => listener(event);
    this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), entry]);
    return () => {
      this.#listeners.set(
        name,
        (this.#listeners.get(name) ?? []).filter((other) => other !== entry),
      );
    };
  }

  emit<Name extends keyof MachineEvents>(name: Name, event: MachineEvents[Name]): void {
    const listeners = this.#listeners.get(name);
    if (listeners === undefined || listeners.length === 0 || this.#depth >= MAX_DEPTH) return;
    const thrown: unknown[] = [];
    this.#depth++;
    try {
      for (const listener of listeners) {
        try {
          listener(event as never);
        } catch (error) {
          thrown.push(error);
        }
      }
      for (const error of thrown) this.#report(name, error);
    } finally {
      this.#depth--;
    }
  }

  #report(name: string, error: unknown): void {
    // A log listener that throws cannot be told of it by way of the log.
    if (name === 'log') return;
    this.emit('log', {
      part: 'kernel',
      level: 'error',
      message: `a listener of "${name}" threw`,
      facts: { error: String(error) },
    });
  }
}

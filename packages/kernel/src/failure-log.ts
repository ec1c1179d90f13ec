import type { EventSink } from '@vivarium/contracts';

/** Reports what parts do wrong as `part:failure` events. */
export class FailureLog {
  readonly #events: EventSink;
  readonly #plugins: Map<string, string>;
  readonly #reported = new Set<string>();

  /** `plugins` gives the plugin's name for each part id. */
  constructor(events: EventSink, plugins: ReadonlyMap<string, string>) {
    this.#events = events;
    this.#plugins = new Map(plugins);
  }

  /** A part that came later. */
  know(part: string, plugin: string): void {
    this.#plugins.set(part, plugin);
  }

  /** A part is gone; another of that id is another. */
  forget(part: string): void {
    this.#plugins.delete(part);
    for (const key of this.#reported) if (key.startsWith(`${part} `)) this.#reported.delete(key);
  }

  report(part: string, hook: string, error: unknown): void {
    this.#events.emit('part:failure', { part, plugin: this.#plugins.get(part) ?? '', hook, error });
  }

  /** For what a guest can make happen again and again: the first time only, for the life of the machine. */
  reportOnce(part: string, hook: string, error: () => unknown): void {
    const key = `${part} ${hook}`;
    if (this.#reported.has(key)) return;
    this.#reported.add(key);
    this.report(part, hook, error());
  }
}

// tsyringe refuses to load before reflect-metadata; this order of imports is the only place that knows.
import 'reflect-metadata';
import type { AnyToken } from '@vivarium/contracts';
import { container, type DependencyContainer } from 'tsyringe';
import type { Link } from './requirements.ts';

interface Offer {
  readonly part: string;
  readonly rank: number;
  readonly key: string;
  readonly container: DependencyContainer;
}

/**
 * What the parts of one machine offer, in a child of tsyringe's container; on the root nothing is ever registered.
 * Values only: setup may be asynchronous, and tsyringe then has nothing to construct, to keep alive between machines
 * or to dispose of. Order and teardown are the kernel's own (docs/adr/0001).
 */
export class MachineScope {
  readonly #container: DependencyContainer = container.createChildContainer();
  readonly #offers = new Map<string, readonly Offer[]>();
  /** By part: tsyringe takes nothing back from a container but all of it. */
  readonly #byPart = new Map<string, DependencyContainer>();

  /** Adds a value. `rank` is the place of the part in the spec, which orders {@link offered}. */
  offer(part: string, rank: number, token: AnyToken, value: unknown): void {
    const offers = this.#offers.get(token.id) ?? [];
    const container = this.#byPart.get(part) ?? this.#container.createChildContainer();
    this.#byPart.set(part, container);
    const offer = { part, rank, key: `${token.id} ${offers.filter((each) => each.part === part).length}`, container };
    container.register(offer.key, { useValue: { value } });
    // Array sorting is stable, so what one part offers stays in its order.
    this.#offers.set(
      token.id,
      [...offers, offer].sort((a, b) => a.rank - b.rank),
    );
  }

  /** Every value under the token, in the order of the spec; of one part only, when named. */
  offered(token: AnyToken, part?: string): readonly { readonly part: string; readonly value: unknown }[] {
    const offers = this.#offers.get(token.id) ?? [];
    return offers
      .filter((offer) => part === undefined || offer.part === part)
      .map((offer) => ({
        part: offer.part,
        value: offer.container.resolve<{ readonly value: unknown }>(offer.key).value,
      }));
  }

  /** The scope of one part: a child that holds what its links name, and nothing else. */
  forPart(links: readonly Link[]): PartScope {
    const child = this.#container.createChildContainer();
    for (const { token, providers } of links) {
      for (const provider of providers) {
        for (const { value } of this.offered(token, provider)) child.register(token.id, { useValue: { value } });
      }
    }
    return new PartScope(child);
  }

  /** Takes back what a part offers. */
  withdraw(part: string): void {
    for (const [token, offers] of this.#offers) {
      this.#offers.set(
        token,
        offers.filter((offer) => offer.part !== part),
      );
    }
    void this.#byPart.get(part)?.dispose();
    this.#byPart.delete(part);
  }

  dispose(): void {
    this.#offers.clear();
    for (const container of this.#byPart.values()) void container.dispose();
    this.#byPart.clear();
    void this.#container.dispose();
  }
}

/** What one part may see of its machine. */
export class PartScope {
  readonly #container: DependencyContainer;
  #disposed = false;

  constructor(child: DependencyContainer) {
    this.#container = child;
  }

  get disposed(): boolean {
    return this.#disposed;
  }

  /** Every value under a token, in the order of the spec. */
  values(token: AnyToken): readonly unknown[] {
    if (this.#disposed || !this.#container.isRegistered(token.id)) return [];
    return this.#container.resolveAll<{ readonly value: unknown }>(token.id).map(({ value }) => value);
  }

  dispose(): void {
    this.#disposed = true;
    void this.#container.dispose();
  }
}

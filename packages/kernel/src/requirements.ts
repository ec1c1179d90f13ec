import {
  type AnyToken,
  ClockToken,
  InterruptControllerToken,
  type InterruptPool,
  MachineMemoryToken,
  type PartSpec,
  PowerControlToken,
  type Requirement,
  SystemBusToken,
} from '@vivarium/contracts';
import type { Dependency } from './dependency-order.ts';
import { errors } from './errors.ts';
import type { Manifest } from './manifest.ts';

/** A part that passed every check of its own. */
export interface CheckedPart {
  readonly spec: PartSpec;
  /** As it was given or loaded: grants are given by name, so one name must be one plugin. */
  readonly plugin: unknown;
  readonly manifest: Manifest;
  readonly options: unknown;
}

/** Stands for the kernel as a provider; not a valid part id. */
export const KERNEL = '<kernel>';

/** What the kernel provides itself. */
export const KERNEL_TOKENS: readonly AnyToken[] = [SystemBusToken, PowerControlToken];

/** A requirement and the parts that serve it, in the order of the spec. */
export interface Link extends Requirement {
  readonly providers: readonly string[];
}

/** Who serves what of one part. */
export interface PartLinks {
  readonly requires: readonly Link[];
  /** The part behind the grant `guest-memory`. */
  readonly memory: string | undefined;
  /** The part behind the grant `timers`. */
  readonly clock: string | undefined;
}

/** The links of every part, and the dependencies that follow from them. */
export interface Resolution {
  readonly links: ReadonlyMap<string, PartLinks>;
  readonly dependencies: readonly Dependency[];
}

/**
 * Finds who serves each requirement, grant and interrupt of each part, among `parts` and those that are `present`
 * already. Throws `VIV_TOKEN_RESERVED`,
 * `VIV_TOKEN_MAJOR`, `VIV_REQUIREMENT_UNMET`, `VIV_REQUIREMENT_AMBIGUOUS`, `VIV_USE_UNKNOWN`,
 * `VIV_INTERRUPT_UNKNOWN` and `VIV_GRANT_UNDECLARED`.
 */
export const resolveRequirements = (
  parts: readonly CheckedPart[],
  pool?: InterruptPool,
  present: readonly CheckedPart[] = [],
): Resolution => {
  const providers = new Map<string, string[]>(KERNEL_TOKENS.map(({ id }) => [id, [KERNEL]]));
  const majors = new Map<string, { readonly part: string; readonly token: AnyToken }[]>();
  for (const { spec, manifest } of [...present, ...parts]) {
    for (const token of manifest.provides) {
      if (KERNEL_TOKENS.some(({ name }) => name === token.name)) {
        throw errors.make(
          'VIV_TOKEN_RESERVED',
          `part "${spec.id}" (${manifest.name}) provides ${token.id}, which the kernel provides`,
          { details: { part: spec.id, plugin: manifest.name, token: token.id } },
        );
      }
      providers.set(token.id, [...(providers.get(token.id) ?? []), spec.id]);
      majors.set(token.name, [...(majors.get(token.name) ?? []), { part: spec.id, token }]);
    }
  }

  const links = new Map<string, PartLinks>();
  const dependencies: Dependency[] = [];
  const ids = new Set([...present, ...parts].map(({ spec }) => spec.id));
  for (const { spec, manifest } of parts) {
    const resolver = new PartResolver(spec, manifest, providers, majors);
    const requires = manifest.requires.map((need) => resolver.link(need));
    const memory = manifest.grants.includes('guest-memory') ? resolver.granted(MachineMemoryToken) : undefined;
    const clock = manifest.grants.includes('timers') ? resolver.granted(ClockToken) : undefined;
    resolver.checkUse();
    links.set(spec.id, { requires, memory, clock });

    const depend = (to: string | undefined, why: string): void => {
      if (to !== undefined && to !== KERNEL) dependencies.push({ from: spec.id, to, why });
    };
    for (const { token, providers: served } of requires) for (const to of served) depend(to, token.id);
    depend(memory, 'the grant guest-memory');
    depend(clock, 'the grant timers');
    for (const [name, { controller }] of Object.entries(spec.interrupts ?? {})) {
      checkInterrupt(spec, manifest, name, controller, ids, providers);
      depend(controller, `interrupt ${name}`);
    }
  }
  if (pool !== undefined && !providers.get(InterruptControllerToken.id)?.includes(pool.controller)) {
    throw errors.make(
      'VIV_INTERRUPT_UNKNOWN',
      `the interrupt pool is at "${pool.controller}", which is ${nature(pool.controller, ids)}`,
      { details: { controller: pool.controller } },
    );
  }
  return { links, dependencies };
};

const nature = (controller: string, ids: ReadonlySet<string>): string =>
  ids.has(controller) ? 'not an interrupt controller' : 'no part of this machine';

const checkInterrupt = (
  spec: PartSpec,
  manifest: Manifest,
  name: string,
  controller: string,
  ids: ReadonlySet<string>,
  providers: ReadonlyMap<string, readonly string[]>,
): void => {
  const details = { part: spec.id, plugin: manifest.name, interrupt: name, controller };
  if (!manifest.grants.includes('interrupts')) {
    throw errors.make(
      'VIV_GRANT_UNDECLARED',
      `the spec wires interrupt "${name}" of part "${spec.id}", but ${manifest.name} does not ask for the grant interrupts`,
      { details },
    );
  }
  if (providers.get(InterruptControllerToken.id)?.includes(controller)) return;
  throw errors.make(
    'VIV_INTERRUPT_UNKNOWN',
    `interrupt "${name}" of part "${spec.id}" is wired to "${controller}", which is ${nature(controller, ids)}`,
    { details },
  );
};

/** Resolves what one part asks for. */
class PartResolver {
  readonly #spec: PartSpec;
  readonly #manifest: Manifest;
  readonly #providers: ReadonlyMap<string, readonly string[]>;
  readonly #majors: ReadonlyMap<string, readonly { readonly part: string; readonly token: AnyToken }[]>;
  /** Token names that `use` may pick for. */
  readonly #choices = new Set<string>();

  constructor(
    spec: PartSpec,
    manifest: Manifest,
    providers: ReadonlyMap<string, readonly string[]>,
    majors: ReadonlyMap<string, readonly { readonly part: string; readonly token: AnyToken }[]>,
  ) {
    this.#spec = spec;
    this.#manifest = manifest;
    this.#providers = providers;
    this.#majors = majors;
  }

  link({ token, mode }: Requirement): Link {
    if (mode === 'all') {
      const providers = (this.#providers.get(token.id) ?? []).filter((id) => id !== this.#spec.id);
      return { token, mode, providers };
    }
    const provider = this.#pick(token, `requires ${token.id}`, mode === 'optional');
    return { token, mode, providers: provider === undefined ? [] : [provider] };
  }

  /** The provider that a grant needs. */
  granted(token: AnyToken): string | undefined {
    return this.#pick(token, `has a grant that needs ${token.id}`, false);
  }

  /** Refuses entries of `use` that picked nothing. */
  checkUse(): void {
    for (const name of Object.keys(this.#spec.use ?? {})) {
      if (this.#choices.has(name)) continue;
      throw this.#error('VIV_USE_UNKNOWN', `names "${name}" under use, but takes no single provider of it`, {
        token: name,
      });
    }
  }

  #pick(token: AnyToken, need: string, mayMiss: boolean): string | undefined {
    this.#choices.add(token.name);
    const all = this.#providers.get(token.id) ?? [];
    const use = Object.hasOwn(this.#spec.use ?? {}, token.name) ? this.#spec.use?.[token.name] : undefined;
    if (use !== undefined) {
      if (all.includes(use)) return use;
      const offers = all.length === 0 ? 'no part does' : `those that do: ${all.join(', ')}`;
      throw this.#error('VIV_USE_UNKNOWN', `uses "${use}" for ${token.id}, which it does not provide; ${offers}`, {
        token: token.id,
        use,
      });
    }
    const candidates = all.filter((id) => id !== this.#spec.id);
    if (candidates.length > 1) {
      throw this.#error(
        'VIV_REQUIREMENT_AMBIGUOUS',
        `${need}, and several parts provide it: ${candidates.join(', ')}`,
        {
          token: token.id,
          candidates,
        },
      );
    }
    const [only] = candidates;
    if (only !== undefined) return only;
    const others = (this.#majors.get(token.name) ?? []).filter((offer) => offer.token.major !== token.major);
    if (others.length > 0) {
      const offers = others.map((offer) => `"${offer.part}" provides major ${offer.token.major}`).join(', ');
      throw this.#error('VIV_TOKEN_MAJOR', `${need}, that is major ${token.major} of ${token.name}, but ${offers}`, {
        token: token.id,
        offered: others.map((offer) => offer.token.id),
      });
    }
    if (mayMiss) return undefined;
    throw this.#error('VIV_REQUIREMENT_UNMET', `${need}, and no other part provides it`, { token: token.id });
  }

  #error(code: Parameters<typeof errors.make>[0], problem: string, facts: Readonly<Record<string, unknown>>) {
    return errors.make(code, `part "${this.#spec.id}" (${this.#manifest.name}) ${problem}`, {
      details: { part: this.#spec.id, plugin: this.#manifest.name, ...facts },
    });
  }
}

import {
  type AnyToken,
  ClockToken,
  CpuCoreToken,
  DeviceToken,
  InterruptControllerToken,
  MachineMemoryToken,
  type PartSpec,
} from '@vivarium/contracts';
import { errors } from './errors.ts';
import type { FailureLog } from './failure-log.ts';
import type { LivePart } from './live-part.ts';
import type { PartBuilder } from './part-builder.ts';
import { arrange, type PartRules } from './part-checks.ts';
import type { CheckedPart } from './requirements.ts';
import type { MachineScope } from './scope.ts';
import { parseParts } from './spec.ts';
import { tearDown, withLaterErrors } from './teardown.ts';

/** What a machine has from its start: a guest is told of it once, or everything else stands on it. */
const FIXED: readonly AnyToken[] = [
  DeviceToken,
  CpuCoreToken,
  ClockToken,
  MachineMemoryToken,
  InterruptControllerToken,
];

/** A part that came later. */
interface LatePart {
  readonly checked: CheckedPart;
  readonly live: LivePart;
  /** Parts that it depends on. */
  readonly needs: ReadonlySet<string>;
}

/** What late parts are built with. */
export interface LatePartsSources {
  readonly machine: string;
  /** The parts of the spec. */
  readonly present: readonly CheckedPart[];
  readonly rules: PartRules;
  readonly builder: PartBuilder;
  readonly scope: MachineScope;
  readonly failures: FailureLog;
}

/** The parts that joined a machine after its assembly. They pass every check that the others passed. */
export class LateParts {
  readonly #sources: LatePartsSources;
  /** In the order they were built. */
  #parts: readonly LatePart[] = [];
  #nextRank: number;

  constructor(sources: LatePartsSources) {
    this.#sources = sources;
    this.#nextRank = sources.present.length;
  }

  get checked(): readonly CheckedPart[] {
    return this.#parts.map(({ checked }) => checked);
  }

  /** In the order they were built. */
  get live(): readonly LivePart[] {
    return this.#parts.map(({ live }) => live);
  }

  /**
   * Checks parts, sets them up, wires them, and has `enter` bring them to where the machine is. All of them join, or
   * none: what was built of them is taken down again, and the error is thrown.
   */
  async add(specs: readonly PartSpec[], enter: (part: LivePart) => Promise<void>): Promise<void> {
    const { machine, present, rules, builder, scope, failures } = this.#sources;
    const before = [...present, ...this.checked];
    const parsed = parseParts(
      machine,
      specs,
      before.map(({ spec }) => spec.id),
    );
    const { parts, order, links, dependencies } = await arrange(parsed, rules, undefined, before);
    for (const part of parts) this.#checkFree(part);
    const built: LivePart[] = [];
    try {
      for (const id of order) {
        const part = parts.find(({ spec }) => spec.id === id);
        if (part === undefined) continue;
        failures.know(id, part.manifest.name);
        await builder.setUp(part, links.get(id), this.#nextRank++, built);
      }
      for (const part of built) await part.call('wire');
      for (const part of built) await enter(part);
    } catch (error) {
      throw withLaterErrors(error, await this.#takeDown(built, scope));
    }
    const joined = built.flatMap((live): LatePart[] => {
      const { id } = live.spec;
      const checked = parts.find(({ spec }) => spec.id === id);
      const needs = new Set(dependencies.filter(({ from }) => from === id).map(({ to }) => to));
      return checked === undefined ? [] : [{ checked, live, needs }];
    });
    this.#parts = [...this.#parts, ...joined];
  }

  /**
   * Takes parts down, the last built first. They are gone whatever happens; what their hooks threw is reported and
   * returned. Throws `VIV_PART_UNKNOWN`, `VIV_PART_FIXED` and `VIV_PART_IN_USE`, and nothing has happened then.
   */
  async remove(ids: readonly string[]): Promise<readonly unknown[]> {
    const { machine, present, scope } = this.#sources;
    for (const id of ids) {
      const details = { part: id };
      if (present.some(({ spec }) => spec.id === id)) {
        throw errors.make('VIV_PART_FIXED', `part "${id}" is in machine ${machine} from its start to its end`, {
          details,
        });
      }
      if (!this.#parts.some(({ live }) => live.spec.id === id)) {
        throw errors.make('VIV_PART_UNKNOWN', `machine ${machine} has no part "${id}"`, { details });
      }
    }
    const [leaving, staying] = [true, false].map((leaves) =>
      this.#parts.filter(({ live }) => ids.includes(live.spec.id) === leaves),
    );
    for (const { live, needs } of staying ?? []) {
      const needed = ids.find((id) => needs.has(id));
      if (needed === undefined) continue;
      throw errors.make('VIV_PART_IN_USE', `part "${needed}" of machine ${machine} is used by "${live.spec.id}"`, {
        details: { part: needed, by: live.spec.id },
      });
    }
    this.#parts = staying ?? [];
    return this.#takeDown(
      (leaving ?? []).map(({ live }) => live),
      scope,
    );
  }

  async #takeDown(parts: readonly LivePart[], scope: MachineScope): Promise<readonly unknown[]> {
    const { failures } = this.#sources;
    const thrown = await tearDown(parts, failures);
    for (const { spec } of parts) {
      scope.withdraw(spec.id);
      failures.forget(spec.id);
    }
    return thrown;
  }

  #checkFree({ spec, manifest }: CheckedPart): void {
    const provided = manifest.provides.find((token) => FIXED.some(({ id }) => id === token.id));
    const fixed =
      provided?.id ??
      (spec.regions === undefined && spec.interrupts === undefined ? undefined : 'regions or interrupts of its own');
    if (fixed === undefined) return;
    throw errors.make(
      'VIV_PART_FIXED',
      `part "${spec.id}" (${manifest.name}) cannot join machine ${this.#sources.machine}, which is assembled: it has ${fixed}`,
      { details: { part: spec.id, plugin: manifest.name } },
    );
  }
}

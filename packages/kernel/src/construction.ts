import {
  CpuCoreToken,
  InterruptControllerToken,
  type MachineMemory,
  MachineMemoryToken,
  type MachineSpec,
  PowerControlToken,
  SystemBusToken,
  type Token,
} from '@vivarium/contracts';
import { EventBus } from './event-bus.ts';
import { FailureLog } from './failure-log.ts';
import { lineOf, routeInterrupts } from './interrupt-routes.ts';
import { LateParts } from './late-parts.ts';
import type { LivePart } from './live-part.ts';
import { AssembledMachine, type Machine } from './machine.ts';
import { PartBuilder } from './part-builder.ts';
import type { Arrangement, PartRules } from './part-checks.ts';
import { describePart } from './part-info.ts';
import { placeDevices } from './placement.ts';
import { PowerLatch } from './power-latch.ts';
import { KERNEL } from './requirements.ts';
import { MachineScope } from './scope.ts';
import { MachineBus } from './system-bus.ts';
import { tearDown, withLaterErrors } from './teardown.ts';

/** A machine of which everything was checked that can be before anything is built. */
export interface Plan {
  readonly spec: MachineSpec;
  readonly arrangement: Arrangement;
  /** For it and for parts that come later. */
  readonly rules: PartRules;
  readonly hostRoots: readonly string[];
}

/** Builds a machine: set-up in dependency order, placement, wiring. On failure takes down exactly what was built. */
export const construct = async (plan: Plan): Promise<Machine> => {
  const construction = new Construction(plan);
  try {
    return await construction.run();
  } catch (error) {
    throw withLaterErrors(error, await construction.abandon());
  }
};

class Construction {
  readonly #plan: Plan;
  readonly #events = new EventBus();
  readonly #failures: FailureLog;
  readonly #scope = new MachineScope();
  readonly #bus: MachineBus;
  readonly #power: PowerLatch;
  readonly #builder: PartBuilder;
  /** In the order they were built. */
  readonly #built: LivePart[] = [];

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#failures = new FailureLog(
      this.#events,
      new Map(plan.arrangement.parts.map(({ spec, manifest }) => [spec.id, manifest.name])),
    );
    this.#bus = new MachineBus(this.#failures);
    this.#power = new PowerLatch(this.#events);
    this.#scope.offer(KERNEL, -1, SystemBusToken, this.#bus);
    this.#scope.offer(KERNEL, -1, PowerControlToken, this.#power);
    this.#builder = new PartBuilder({
      scope: this.#scope,
      events: this.#events,
      failures: this.#failures,
      deadlines: plan.rules.deadlines,
      hostRoots: plan.hostRoots,
    });
  }

  async run(): Promise<Machine> {
    const { spec, arrangement, rules } = this.#plan;
    const { parts, order, links } = arrangement;
    const ranks = new Map(parts.map((part, rank) => [part.spec.id, { part, rank }]));
    for (const id of order) {
      const entry = ranks.get(id);
      if (entry !== undefined) await this.#builder.setUp(entry.part, links.get(id), entry.rank, this.#built);
    }
    this.#place();
    this.#power.attach(this.#all(CpuCoreToken));
    for (const part of this.#built) await part.call('wire');
    return new AssembledMachine({
      spec,
      info: parts.map(describePart),
      parts: this.#built,
      scope: this.#scope,
      bus: this.#bus,
      power: this.#power,
      events: this.#events,
      failures: this.#failures,
      late: new LateParts({
        machine: spec.name,
        present: parts,
        rules,
        builder: this.#builder,
        scope: this.#scope,
        failures: this.#failures,
      }),
    });
  }

  async abandon(): Promise<readonly unknown[]> {
    const thrown = await tearDown(this.#built, this.#failures);
    this.#bus.close();
    this.#scope.dispose();
    return thrown;
  }

  #all<T>(token: Token<T>): readonly T[] {
    return this.#scope.offered(token).map(({ value }) => value as T);
  }

  #place(): void {
    const { spec: machine, arrangement } = this.#plan;
    const live = new Map(this.#built.map((part) => [part.spec.id, part]));
    const parts = arrangement.parts.map(({ spec, manifest }) => ({
      spec,
      devices: live.get(spec.id)?.devices ?? [],
      granted: manifest.grants.includes('interrupts'),
    }));
    const reserved = this.#scope
      .offered(MachineMemoryToken)
      .flatMap(({ part, value }) => (value as MachineMemory).banks.map(({ base, length }) => ({ part, base, length })));
    const placements = placeDevices(parts, reserved, machine.mmioWindow);
    const routes = routeInterrupts(parts, machine.interruptPool);
    for (const route of routes.pooled) {
      const line = lineOf(route, this.#builder.from(InterruptControllerToken, route.controller));
      live.get(route.part)?.connect(route.name, line);
    }
    this.#bus.place(placements, routes.all);
  }
}

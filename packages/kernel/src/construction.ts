import {
  ClockToken,
  CpuCoreToken,
  InterruptControllerToken,
  type InterruptLine,
  type MachineMemory,
  MachineMemoryToken,
  type MachineSpec,
  type Part,
  type PartSpec,
  PowerControlToken,
  SystemBusToken,
  type Token,
} from '@vivarium/contracts';
import type { Deadlines } from './deadline.ts';
import { EventBus } from './event-bus.ts';
import { FailureLog } from './failure-log.ts';
import { RevocableGrants } from './grant-handles.ts';
import { lineOf, routeInterrupts } from './interrupt-routes.ts';
import { LivePart } from './live-part.ts';
import { AssembledMachine, type Machine, type PartInfo } from './machine.ts';
import { placeDevices } from './placement.ts';
import { PowerLatch } from './power-latch.ts';
import { type CheckedPart, KERNEL, type PartLinks } from './requirements.ts';
import { MachineScope } from './scope.ts';
import { setupContext } from './setup-context.ts';
import { MachineBus } from './system-bus.ts';
import { tearDown, withLaterErrors } from './teardown.ts';

/** A machine of which everything was checked that can be before anything is built. */
export interface Plan {
  readonly spec: MachineSpec;
  /** In the order of the spec. */
  readonly parts: readonly CheckedPart[];
  /** Part ids in dependency order. */
  readonly order: readonly string[];
  readonly links: ReadonlyMap<string, PartLinks>;
  readonly deadlines: Deadlines;
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
  /** In the order they were built. */
  readonly #built: LivePart[] = [];

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#failures = new FailureLog(
      this.#events,
      new Map(plan.parts.map(({ spec, manifest }) => [spec.id, manifest.name])),
    );
    this.#bus = new MachineBus(this.#failures);
    this.#power = new PowerLatch(this.#events);
    this.#scope.offer(KERNEL, -1, SystemBusToken, this.#bus);
    this.#scope.offer(KERNEL, -1, PowerControlToken, this.#power);
  }

  async run(): Promise<Machine> {
    const { spec, parts, order } = this.#plan;
    const ranks = new Map(parts.map((part, rank) => [part.spec.id, { part, rank }]));
    for (const id of order) {
      const entry = ranks.get(id);
      if (entry !== undefined) await this.#setUp(entry.part, entry.rank);
    }
    this.#place();
    this.#power.attach(this.#all(CpuCoreToken));
    for (const part of this.#built) await part.call('wire');
    return new AssembledMachine({
      spec,
      info: parts.map(describe),
      parts: this.#built,
      scope: this.#scope,
      bus: this.#bus,
      power: this.#power,
      events: this.#events,
      failures: this.#failures,
    });
  }

  async abandon(): Promise<readonly unknown[]> {
    const thrown = await tearDown(this.#built, this.#failures);
    this.#bus.close();
    this.#scope.dispose();
    return thrown;
  }

  async #setUp({ spec, manifest, options }: CheckedPart, rank: number): Promise<void> {
    const links = this.#plan.links.get(spec.id);
    const scope = this.#scope.forPart(links?.requires ?? []);
    const grants = new RevocableGrants({
      part: spec.id,
      plugin: manifest.name,
      grants: manifest.grants,
      memory: this.#from(MachineMemoryToken, links?.memory),
      clock: this.#from(ClockToken, links?.clock),
      lines: this.#lines(spec),
      hostRoots: this.#plan.hostRoots,
      timerFailed: (error) => this.#failures.reportOnce(spec.id, 'timer', () => error),
    });
    const live = new LivePart(spec, manifest, { scope, grants }, this.#plan.deadlines);
    this.#built.push(live);
    const context = setupContext({ id: spec.id, options, manifest, scope, grants, events: this.#events });
    const part = await live.run(
      'setup',
      () => manifest.setup(context),
      (late) => void this.#disposeLate(live, late),
    );
    for (const { token, value } of live.adopt(part)) this.#scope.offer(spec.id, rank, token, value);
  }

  /** A part that comes after the deadline of its setup belongs to no machine; it still gets its one dispose. */
  async #disposeLate(live: LivePart, part: Part): Promise<void> {
    try {
      await live.run('dispose', () => part?.dispose?.());
    } catch (error) {
      this.#failures.report(live.spec.id, 'dispose', error);
    }
  }

  #from<T>(token: Token<T>, part: string | undefined): T | undefined {
    return part === undefined ? undefined : (this.#scope.offered(token, part)[0]?.value as T | undefined);
  }

  #all<T>(token: Token<T>): readonly T[] {
    return this.#scope.offered(token).map(({ value }) => value as T);
  }

  #lines(spec: PartSpec): ReadonlyMap<string, InterruptLine> {
    return new Map(
      Object.entries(spec.interrupts ?? {}).map(([name, { controller, line }]) => [
        name,
        lineOf({ part: spec.id, name, controller, line }, this.#from(InterruptControllerToken, controller)),
      ]),
    );
  }

  #place(): void {
    const { spec: machine, parts: checked } = this.#plan;
    const live = new Map(this.#built.map((part) => [part.spec.id, part]));
    const parts = checked.map(({ spec, manifest }) => ({
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
      const line = lineOf(route, this.#from(InterruptControllerToken, route.controller));
      live.get(route.part)?.connect(route.name, line);
    }
    this.#bus.place(placements, routes.all);
  }
}

const describe = ({ spec, manifest }: CheckedPart): PartInfo => ({
  id: spec.id,
  plugin: manifest.name,
  version: manifest.version,
  provides: manifest.provides.map(({ id }) => id),
  grants: manifest.grants,
});

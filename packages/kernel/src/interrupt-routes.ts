import type {
  Device,
  InterruptController,
  InterruptLine,
  InterruptPool,
  InterruptRoute,
  PartSpec,
} from '@vivarium/contracts';
import { errors } from './errors.ts';

/** The devices of one part and whether its plugin may drive interrupts. */
export interface InterruptsOfPart {
  readonly spec: PartSpec;
  readonly devices: readonly Device[];
  readonly granted: boolean;
}

/** Every route of a machine; those of `pooled` are not in the spec and got a line of the pool. */
export interface InterruptRoutes {
  readonly all: readonly InterruptRoute[];
  readonly pooled: readonly InterruptRoute[];
}

/**
 * Routes the interrupts of all devices: as the spec wires them, and the rest to lines of the pool, in the order of
 * the spec's parts, then of the device's interrupts. Throws `VIV_INTERRUPT_UNKNOWN` and `VIV_INTERRUPT_POOL_EMPTY`.
 */
export const routeInterrupts = (
  parts: readonly InterruptsOfPart[],
  pool: InterruptPool | undefined,
): InterruptRoutes => {
  const taken = new Set<number>();
  for (const { spec } of parts) {
    for (const { controller, line } of Object.values(spec.interrupts ?? {})) {
      if (controller === pool?.controller) taken.add(line);
    }
  }
  const free = (pool?.lines ?? []).filter((line) => !taken.has(line)).values();
  const all: InterruptRoute[] = [];
  const pooled: InterruptRoute[] = [];
  for (const { spec, devices, granted } of parts) {
    const names = new Set(devices.flatMap((device) => device.interrupts ?? []));
    const wired = Object.entries(spec.interrupts ?? {});
    for (const [name, { controller, line }] of wired) {
      if (devices.length > 0 && !names.has(name)) throw unknownInterrupt(spec.id, name, names);
      all.push({ part: spec.id, name, controller, line });
      names.delete(name);
    }
    if (pool === undefined || !granted) continue;
    for (const name of names) {
      const { value: line } = free.next();
      if (line === undefined) throw emptyPool(spec.id, name, pool);
      const route = { part: spec.id, name, controller: pool.controller, line };
      all.push(route);
      pooled.push(route);
    }
  }
  return { all, pooled };
};

/** The controller's end of a route. Throws `VIV_INTERRUPT_UNKNOWN` when the controller has no such line. */
export const lineOf = (route: InterruptRoute, controller: InterruptController | undefined): InterruptLine => {
  let line: InterruptLine | undefined;
  let cause: unknown;
  try {
    line = controller?.line(route.line);
  } catch (error) {
    cause = error;
  }
  if (line !== undefined) return line;
  throw errors.make(
    'VIV_INTERRUPT_UNKNOWN',
    `interrupt "${route.name}" of part "${route.part}" is wired to line ${route.line} of "${route.controller}", which has lines 1 to ${String(controller?.sources)}`,
    { cause, details: { part: route.part, interrupt: route.name, controller: route.controller, line: route.line } },
  );
};

const unknownInterrupt = (part: string, name: string, names: ReadonlySet<string>): Error => {
  const has = names.size === 0 ? 'no more' : `these: ${[...names].join(', ')}`;
  return errors.make(
    'VIV_INTERRUPT_UNKNOWN',
    `the spec wires interrupt "${name}" of part "${part}", whose device has ${has}`,
    { details: { part, interrupt: name } },
  );
};

const emptyPool = (part: string, name: string, { controller, lines }: InterruptPool): Error =>
  errors.make(
    'VIV_INTERRUPT_POOL_EMPTY',
    `interrupt "${name}" of part "${part}" needs a line, and all ${lines.length} lines of the pool at "${controller}" are taken`,
    { details: { part, interrupt: name, controller } },
  );

import {
  type Binding,
  type Clock,
  ClockToken,
  type Device,
  DeviceToken,
  type Grant,
  type GrantHandles,
  type MachineEvents,
  type MachineMemory,
  MachineMemoryToken,
  type Part,
  type PluginDefinition,
  type Requirement,
  type SetupContext,
  type Token,
} from '@vivarium/contracts';
import { errors } from './errors.ts';
import { type FakeClock, fakeClock } from './fake-clock.ts';
import { type FakeInterrupt, fakeInterrupt } from './fake-interrupt.ts';
import { fakeMemory } from './fake-memory.ts';

/** What the plugin under test is given. */
export interface SetupPartOptions {
  /** Default `part0`. */
  readonly id?: string;
  /** Parsed by the plugin's schema; absent options are parsed as `{}`, as the kernel does. */
  readonly options?: unknown;
  /** Providers of what the plugin requires, made with `bind`. */
  readonly provide?: readonly Binding[];
  /** The clock behind the grant `timers`; default a fake one, which is also provided under its token. */
  readonly clock?: FakeClock;
  /** The memory behind the grant `guest-memory`; default a fake one, which is also provided under its token. */
  readonly memory?: MachineMemory;
  /** Answers `grants.hostPath`; default refuses. */
  readonly hostPath?: (path: string) => string;
}

/** One event as the part emitted it. */
export interface EmittedEvent<Name extends keyof MachineEvents = keyof MachineEvents> {
  readonly name: Name;
  readonly event: MachineEvents[Name];
}

/** A part set up with fakes. */
export interface PartUnderTest {
  readonly part: Part;
  readonly clock: FakeClock;
  readonly memory: MachineMemory;
  /** The first value the part provides under `token`. */
  get<T>(token: Token<T>): T;
  /** The device, for the many parts that are one. */
  readonly device: Device;
  /** The line behind the interrupt `name`; one and the same for the part and the test. */
  interrupt(name: string): FakeInterrupt;
  /** Everything emitted so far; log lines come as `log` events. */
  readonly events: readonly EmittedEvent[];
}

/**
 * Runs a plugin's setup with fakes and without the kernel, as strict about its manifest as the kernel is.
 *
 * @example
 * const { device, interrupt } = await setupPart(uart, { provide: [bind(CharBackendToken, fakeCharBackend())] });
 * device.regions[0]?.write(1, 1, 1);
 * expect(interrupt('irq').level).toBe(true);
 */
export const setupPart = async <Options>(
  plugin: PluginDefinition<Options>,
  given: SetupPartOptions = {},
): Promise<PartUnderTest> => {
  const refuse = (problem: string, details: Readonly<Record<string, unknown>> = {}) =>
    errors.make('VIV_TESTKIT_SETUP', `${plugin.name}: ${problem}`, { details });
  const clock = given.clock ?? fakeClock();
  const memory = given.memory ?? fakeMemory();
  const provided: readonly Binding[] = [
    ...(given.provide ?? []),
    { token: ClockToken, value: clock satisfies Clock },
    { token: MachineMemoryToken, value: memory },
  ];
  const events: EmittedEvent[] = [];
  const lines = new Map<string, FakeInterrupt>();
  const interrupt = (name: string): FakeInterrupt => {
    const line = lines.get(name) ?? fakeInterrupt();
    lines.set(name, line);
    return line;
  };

  const granted = (grant: Grant): void => {
    if (!plugin.grants?.includes(grant))
      throw refuse(`it uses the grant "${grant}", which it does not list`, { grant });
  };
  const grants: GrantHandles = {
    get memory() {
      granted('guest-memory');
      return memory;
    },
    interrupt: (name) => {
      granted('interrupts');
      return interrupt(name);
    },
    timer: (expired) => {
      granted('timers');
      return clock.timer(expired);
    },
    hostPath: (path) => {
      granted('host-files');
      if (given.hostPath === undefined) throw refuse(`it asks for the host path ${path}; give setupPart a hostPath`);
      return given.hostPath(path);
    },
  };

  const needs = (plugin.requires ?? []).map(
    (need): Requirement => ('token' in need ? need : { token: need, mode: 'one' }),
  );
  const values = (token: Token<unknown>, modes: readonly Requirement['mode'][]): readonly unknown[] => {
    if (!needs.some((need) => need.token.id === token.id && modes.includes(need.mode))) {
      throw refuse(`it asks for ${token.id}, which it does not require (${modes.join(' or ')})`, { token: token.id });
    }
    return provided.filter((binding) => binding.token.id === token.id).map(({ value }) => value);
  };
  for (const { token, mode } of needs) {
    if (mode === 'one' && !provided.some((binding) => binding.token.id === token.id)) {
      throw refuse(`it requires ${token.id}, which is not under provide`, { token: token.id });
    }
  }

  const id = given.id ?? 'part0';
  const emit: SetupContext<Options>['events']['emit'] = (name, event) => void events.push({ name, event });
  const logAt =
    (level: MachineEvents['log']['level']) =>
    (message: string, facts?: Readonly<Record<string, unknown>>): void =>
      emit('log', { part: id, level, message, ...(facts === undefined ? {} : { facts }) });
  const part = await plugin.setup({
    id,
    options: await parse(plugin, given.options, refuse),
    get: <T>(token: Token<T>) => values(token as Token<unknown>, ['one'])[0] as T,
    maybe: <T>(token: Token<T>) => values(token as Token<unknown>, ['one', 'optional'])[0] as T | undefined,
    all: <T>(token: Token<T>) => values(token as Token<unknown>, ['all']) as readonly T[],
    grants,
    log: { debug: logAt('debug'), info: logAt('info'), warn: logAt('warn'), error: logAt('error') },
    events: { emit },
  });

  const offers = part.provides ?? [];
  const declared = new Set((plugin.provides ?? []).map((token) => token.id));
  const stray = offers.find(({ token }) => !declared.has(token.id));
  if (stray !== undefined) throw refuse(`it provides ${stray.token.id}, which its manifest does not declare`);
  const missing = [...declared].find((tokenId) => !offers.some(({ token }) => token.id === tokenId));
  if (missing !== undefined) throw refuse(`it declares ${missing}, but setup does not provide it`);

  const get = <T>(token: Token<T>): T => {
    const offer = offers.find((binding) => binding.token.id === token.id);
    if (offer === undefined) throw refuse(`it does not provide ${token.id}`, { token: token.id });
    return offer.value as T;
  };
  return {
    part,
    clock,
    memory,
    get,
    get device() {
      return get(DeviceToken);
    },
    interrupt,
    events,
  };
};

const parse = async <Options>(
  plugin: PluginDefinition<Options>,
  options: unknown,
  refuse: (problem: string, details?: Readonly<Record<string, unknown>>) => Error,
): Promise<Options> => {
  if (plugin.options === undefined) {
    if (options !== undefined) throw refuse('it takes no options');
    return undefined as Options;
  }
  const result = await plugin.options['~standard'].validate(options ?? {});
  if (result.issues === undefined) return result.value;
  throw refuse(`options: ${result.issues.map(({ message }) => message).join('; ')}`, { issues: result.issues });
};

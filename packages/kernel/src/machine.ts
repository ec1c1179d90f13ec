import {
  type Clock,
  ClockToken,
  type EventSink,
  type EventSource,
  MachineMemoryToken,
  type MachineSpec,
  type MachineState,
  type PartSpec,
  type PowerRequest,
  type Token,
} from '@vivarium/contracts';
import { errors } from './errors.ts';
import type { EventBus } from './event-bus.ts';
import type { FailureLog } from './failure-log.ts';
import type { LateParts } from './late-parts.ts';
import type { LivePart } from './live-part.ts';
import { describePart, type PartInfo } from './part-info.ts';
import type { PowerLatch } from './power-latch.ts';
import type { MachineScope } from './scope.ts';
import type { MachineBus } from './system-bus.ts';
import { tearDown, withLaterErrors } from './teardown.ts';

/** A machine that was assembled. Operations run one after the other, in the order in which they were called. */
export interface Machine extends AsyncDisposable {
  readonly name: string;
  readonly state: MachineState;
  readonly spec: MachineSpec;
  readonly events: EventSource & EventSink;
  /** In the order of the spec, then in that in which they joined. */
  readonly parts: readonly PartInfo[];
  /** The one provider of a token, of one part when named. Throws `VIV_TOKEN_UNPROVIDED` and `VIV_TOKEN_AMBIGUOUS`. */
  get<T>(token: Token<T>, part?: string): T;
  maybe<T>(token: Token<T>, part?: string): T | undefined;
  /** Every provider, in the order of the spec. */
  all<T>(token: Token<T>): readonly T[];
  /** Resets, then starts every part. When a part fails, the whole machine is disposed and the error is thrown. */
  start(): Promise<void>;
  /** A part that fails in pause, resume, reset or stop is reported; the others go on, and then the error is thrown. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Back to the state after power-on, from any state but stopped and disposed. */
  reset(): Promise<void>;
  stop(): Promise<void>;
  /** Stops what runs and gives back everything, in reverse; never rejects, failures are `part:failure` events. */
  dispose(): Promise<void>;
  /**
   * Has further parts join, in any state but stopped and disposed; where they are after it is where the machine is. They
   * pass every check of assembly, and find among the parts that are there whom they need; those that are there take
   * no notice of them. All join or none. Throws what `assemble` throws, and `VIV_PART_FIXED` for a part with registers on
   * the system bus, or one that everything stands on.
   */
  add(parts: readonly PartSpec[]): Promise<void>;
  /**
   * Takes parts that were added down again and gives back everything they have. They are gone whatever their hooks do: a
   * failure is reported, and then thrown. Throws `VIV_PART_UNKNOWN`, `VIV_PART_FIXED` and `VIV_PART_IN_USE`.
   */
  remove(parts: readonly string[]): Promise<void>;
  /** The guest's last power request not yet taken by the host, removed by taking it. */
  takePowerRequest(): PowerRequest | undefined;
}

/** What assembly built. */
export interface MachinePieces {
  readonly spec: MachineSpec;
  readonly info: readonly PartInfo[];
  /** In dependency order. */
  readonly parts: readonly LivePart[];
  readonly scope: MachineScope;
  readonly bus: MachineBus;
  readonly power: PowerLatch;
  readonly events: EventBus;
  readonly failures: FailureLog;
  readonly late: LateParts;
}

type CollectiveHook = 'pause' | 'resume' | 'reset' | 'stop';

interface Step {
  readonly part: LivePart;
  readonly act: () => Promise<void>;
}

export class AssembledMachine implements Machine {
  readonly #pieces: MachinePieces;
  #state: MachineState = 'assembled';
  /** Settles when the last operation asked for has. */
  #last: Promise<unknown> = Promise.resolve();
  #disposal: Promise<void> | undefined;

  constructor(pieces: MachinePieces) {
    this.#pieces = pieces;
  }

  get name(): string {
    return this.#pieces.spec.name;
  }

  get state(): MachineState {
    return this.#state;
  }

  get spec(): MachineSpec {
    const { spec, late } = this.#pieces;
    return { ...spec, parts: [...spec.parts, ...late.checked.map((part) => part.spec)] };
  }

  get events(): EventSource & EventSink {
    return this.#pieces.events;
  }

  get parts(): readonly PartInfo[] {
    return [...this.#pieces.info, ...this.#pieces.late.checked.map(describePart)];
  }

  /** In the order they were built. */
  get #live(): readonly LivePart[] {
    return [...this.#pieces.parts, ...this.#pieces.late.live];
  }

  get<T>(token: Token<T>, part?: string): T {
    const value = this.maybe(token, part);
    if (value !== undefined) return value;
    const where = part === undefined ? `no part of machine "${this.name}"` : `part "${part}" of "${this.name}" not`;
    const state = this.#state === 'disposed' ? '; the machine is disposed' : '';
    throw errors.make('VIV_TOKEN_UNPROVIDED', `${token.id}: ${where} provides it${state}`, {
      details: { token: token.id, ...(part === undefined ? {} : { part }) },
    });
  }

  maybe<T>(token: Token<T>, part?: string): T | undefined {
    const offers = this.#pieces.scope.offered(token, part);
    if (offers.length <= 1) return offers[0]?.value as T | undefined;
    const candidates = offers.map((offer) => offer.part);
    throw errors.make('VIV_TOKEN_AMBIGUOUS', `${token.id} is provided by several: ${candidates.join(', ')}`, {
      details: { token: token.id, candidates },
    });
  }

  all<T>(token: Token<T>): readonly T[] {
    return this.#pieces.scope.offered(token).map(({ value }) => value as T);
  }

  takePowerRequest(): PowerRequest | undefined {
    return this.#pieces.power.take();
  }

  start(): Promise<void> {
    return this.#queue('start', ['assembled'], async () => {
      try {
        for (const { act } of this.#resetSteps()) await act();
        this.#pieces.power.take();
        for (const part of this.#live) {
          await part.call('start');
          part.started = true;
        }
        this.#clocks('resume');
      } catch (error) {
        throw withLaterErrors(error, await this.#tearDown());
      }
      this.#become('running');
    });
  }

  pause(): Promise<void> {
    return this.#queue('pause', ['running'], async () => {
      this.#clocks('pause');
      const thrown = await this.#each('pause', this.#steps((part) => part.call('pause')).toReversed());
      this.#become('paused');
      this.#rethrow(thrown);
    });
  }

  resume(): Promise<void> {
    return this.#queue('resume', ['paused'], async () => {
      const thrown = await this.#each(
        'resume',
        this.#steps((part) => part.call('resume')),
      );
      this.#clocks('resume');
      this.#become('running');
      this.#rethrow(thrown);
    });
  }

  reset(): Promise<void> {
    return this.#queue('reset', ['assembled', 'running', 'paused'], async () => {
      const thrown = await this.#each('reset', this.#resetSteps());
      this.#pieces.power.take();
      this.events.emit('machine:reset', {});
      this.#rethrow(thrown);
    });
  }

  stop(): Promise<void> {
    return this.#queue('stop', ['running', 'paused'], async () => {
      this.#clocks('pause');
      const stop = (part: LivePart): Promise<void> => {
        part.started = false;
        return part.call('stop');
      };
      const thrown = await this.#each('stop', this.#steps(stop).toReversed());
      this.#become('stopped');
      this.#rethrow(thrown);
    });
  }

  add(parts: readonly PartSpec[]): Promise<void> {
    return this.#queue('add parts', ['assembled', 'running', 'paused'], () =>
      this.#pieces.late.add(parts, async (part) => {
        if (this.#state === 'assembled') return;
        await part.call('reset');
        await part.call('start');
        part.started = true;
        if (this.#state === 'paused') await part.call('pause');
      }),
    );
  }

  remove(parts: readonly string[]): Promise<void> {
    return this.#queue('remove parts', ['assembled', 'running', 'paused'], async () => {
      this.#rethrow(await this.#pieces.late.remove(parts));
    });
  }

  dispose(): Promise<void> {
    this.#disposal ??= this.#after(async () => {
      if (this.#state !== 'disposed') await this.#tearDown();
    });
    return this.#disposal;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  /** Runs `act` when every operation before it has settled. */
  #after<T>(act: () => Promise<T>): Promise<T> {
    const result = this.#last.then(act);
    this.#last = result.catch(() => {});
    return result;
  }

  #queue(operation: string, from: readonly MachineState[], act: () => Promise<void>): Promise<void> {
    return this.#after(async () => {
      if (from.includes(this.#state)) return act();
      throw errors.make(
        'VIV_MACHINE_STATE',
        `machine "${this.name}" cannot ${operation} while ${this.#state}; it must be ${from.join(' or ')}`,
        { details: { operation, state: this.#state } },
      );
    });
  }

  #become(to: MachineState): void {
    const from = this.#state;
    this.#state = to;
    this.events.emit('machine:state', { from, to });
  }

  #steps(act: (part: LivePart) => Promise<void>): readonly Step[] {
    return this.#live.map((part) => ({ part, act: () => act(part) }));
  }

  /** Clocks, then memory, so that the parts, which may load images in their hooks, find both as after power-on. */
  #resetSteps(): readonly Step[] {
    const parts = this.#live;
    const offered = <T>(token: Token<T>, reset: (value: T) => void): readonly Step[] =>
      parts.flatMap((part) =>
        this.#pieces.scope
          .offered(token, part.spec.id)
          .map(({ value }) => ({ part, act: () => part.run('reset', () => reset(value as T)) })),
      );
    return [
      ...offered(ClockToken, (clock) => clock.reset()),
      ...offered(MachineMemoryToken, (memory) => memory.clear()),
      ...this.#steps(async (part) => {
        await part.run('reset', () => {
          for (const device of part.devices) device.reset();
        });
        await part.call('reset');
      }),
    ];
  }

  /** Every step in turn, also after one failed; what they threw is reported and returned. */
  async #each(hook: CollectiveHook, steps: readonly Step[]): Promise<readonly unknown[]> {
    const thrown: unknown[] = [];
    for (const { part, act } of steps) {
      try {
        await act();
      } catch (error) {
        thrown.push(error);
        this.#pieces.failures.report(part.spec.id, hook, error);
      }
    }
    return thrown;
  }

  /** Time stands still while nothing runs. */
  #clocks(operation: 'pause' | 'resume'): void {
    for (const { part, value } of this.#pieces.scope.offered(ClockToken)) {
      try {
        (value as Clock)[operation]();
      } catch (error) {
        this.#pieces.failures.report(part, operation, error);
      }
    }
  }

  async #tearDown(): Promise<readonly unknown[]> {
    const thrown = await tearDown(this.#live, this.#pieces.failures);
    this.#pieces.bus.close();
    this.#pieces.scope.dispose();
    this.#become('disposed');
    return thrown;
  }

  #rethrow([first, ...later]: readonly unknown[]): void {
    if (first !== undefined) throw withLaterErrors(first, later);
  }
}

import type { RestartDecision, SupervisionPolicy } from '@vivarium/contracts';
import type { CellStats } from '../cell.ts';
import { ConsoleHub, type ConsoleLimits, type HostConsole } from '../cells/console-hub.ts';
import type { CellEnd } from '../cells/end.ts';
import type { CellKind, CellLink } from '../cells/link.ts';
import { endSchema, type MachineFacts } from '../cells/messages.ts';
import { codedError, plainEnd } from '../cells/plain.ts';
import type { MachineRecipe } from '../cells/recipe.ts';
import { type CellDeadlines, RemoteCell, type RemoteCellOptions } from '../cells/remote-cell.ts';
import { errors } from '../errors.ts';
import {
  afterChange,
  changesOf,
  DEFAULT_PATIENCE,
  type DeviceDescription,
  type HardwareChange,
  hardwareChange,
  type KeptChanges,
} from '../hardware/change.ts';
import type { Lease } from '../lease.ts';
import type { MemoryAct, MemoryAnswer } from '../memory/acts.ts';
import type { MachineDescription } from './description.ts';
import type {
  ChangeOptions,
  DetachOptions,
  HostedMachine,
  MachineInfo,
  MachinePast,
  MachineStatus,
} from './hosted-machine.ts';

declare const setTimeout: (callback: () => void, milliseconds: number) => unknown;
declare const clearTimeout: (handle: unknown) => void;

/** What a machine needs of its host. */
export interface HostServices {
  readonly now: () => number;
  readonly kind: CellKind;
  readonly supervision: SupervisionPolicy | undefined;
  readonly deadlines: CellDeadlines;
  readonly consoles: ConsoleLimits;
  resolve(recipe: MachineRecipe): MachineRecipe;
  /** Throws when there is no room for a machine of this make. */
  admit(machine: HostedMachine, facts: MachineFacts): void;
  emit(name: string, event: unknown): void;
  /** It is gone. */
  destroyed(): void;
}

/** Restarts that a policy is told of. */
const MOST_RESTARTS = 64;
const MIB = 2 ** 20;
/** Longest wait before a restart, whatever a policy says: what timers can count. */
const LONGEST_WAIT = 2 ** 31 - 1;
const DEFAULT_SILENCE = 10_000;
const NOTHING_DONE: CellStats = { instructions: 0, slices: 0, idleMilliseconds: 0, wallMilliseconds: 0 };
const NO_FACTS: MachineFacts = {
  architecture: 'none',
  vcpus: 1,
  memory: 0,
  consoles: [],
  canPowerOff: false,
  hardware: { vcpus: 1, memory: 0, slots: 0, devices: [] },
};

/** Keeps a machine: its cells one after the other, its consoles, what is decided when a run is over. */
export class KeptMachine implements HostedMachine {
  readonly description: MachineDescription;
  readonly #services: HostServices;
  readonly #hubs = new Map<string, ConsoleHub>();
  #createdAt: number;
  #cell: RemoteCell | undefined;
  #status: MachineStatus = 'created';
  #facts = NO_FACTS;
  #changes: KeptChanges = {};
  #stats = NOTHING_DONE;
  #end: CellEnd | undefined;
  #asked = false;
  #ends = 0;
  #restarts = 0;
  #restartedAt: number[] = [];
  #startedAt: number | undefined;
  #endedAt: number | undefined;
  #timer: unknown;
  /** Starts, ends and destruction, one after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  #waiting: ((end: CellEnd) => void)[] = [];
  #left = false;

  constructor(description: MachineDescription, services: HostServices) {
    this.description = description;
    this.#services = services;
    this.#createdAt = services.now();
  }

  get name(): string {
    return this.description.name;
  }

  get status(): MachineStatus {
    const cell = this.#cell;
    const live = this.#status === 'running' && (cell?.state === 'paused' || cell?.state === 'running');
    return live ? cell.state : this.#status;
  }

  get lease(): Lease | undefined {
    return this.#cell?.lease;
  }

  get consoles(): readonly HostConsole[] {
    return [...this.#hubs.values()];
  }

  console(name: string): HostConsole {
    const hub = this.#hubs.get(name);
    if (hub === undefined) throw errors.make('VIV_CELL_CONSOLE', `machine ${this.name} has no console ${name}`);
    return hub;
  }

  info(): MachineInfo {
    const pid = this.#cell?.pid;
    return {
      name: this.name,
      cell: this.description.cell,
      status: this.status,
      description: this.description,
      facts: this.facts,
      changes: this.#changes,
      stats: this.#cell?.stats ?? this.#stats,
      ...(pid === undefined ? {} : { pid }),
      consoles: this.consoles.map(({ name, viewers }) => ({ name, viewers })),
      ...(this.#end === undefined ? {} : { end: plainEnd(this.#end) }),
      restarts: this.#restarts,
      restartedAt: this.#restartedAt,
      createdAt: this.#createdAt,
      ...(this.#startedAt === undefined ? {} : { startedAt: this.#startedAt }),
      ...(this.#endedAt === undefined ? {} : { endedAt: this.#endedAt }),
    };
  }

  async measure(): Promise<CellStats> {
    const cell = this.#cell;
    if (cell === undefined) return this.#stats;
    return cell.measure().catch(() => cell.stats);
  }

  /** Bytes of guest memory that it holds. */
  get memory(): number {
    return this.#cell === undefined ? 0 : this.#facts.memory;
  }

  get facts(): MachineFacts {
    return this.#cell?.facts ?? this.#facts;
  }

  /** Makes its first cell. */
  create(): Promise<void> {
    return this.#inTurn(() => this.#launch());
  }

  /** Takes over a cell of a host before this one. */
  async adopt(link: CellLink): Promise<void> {
    const cell = await RemoteCell.adopt(link, this.#cellOptions(), this.#hubFor);
    this.#house(cell);
    this.#status = cell.state === 'created' ? 'created' : 'running';
    if (this.#status === 'running') this.#startedAt ??= this.#services.now();
  }

  /** What was known of it before this host, which has no cell of it yet. */
  recall({ restarts, restartedAt, createdAt, startedAt, end, endedAt, changes }: MachinePast): void {
    this.#restarts = restarts ?? 0;
    this.#restartedAt = (restartedAt ?? []).slice(-MOST_RESTARTS);
    this.#createdAt = createdAt ?? this.#createdAt;
    this.#startedAt = startedAt;
    this.#changes = changes ?? {};
    this.#end = endSchema.safeParse(end).data as CellEnd | undefined;
    this.#endedAt = endedAt;
  }

  /** It has no cell until it is started. */
  rest(): void {
    this.#status = 'ended';
  }

  /** Its cell has ended while there was no host; what is decided now is decided as if it had just happened. */
  bury(end: CellEnd): void {
    this.#asked = false;
    this.#over(end);
  }

  start(): Promise<void> {
    return this.#inTurn(async () => {
      this.#refuse('start', ['created', 'waiting', 'ended']);
      clearTimeout(this.#timer);
      await this.#run();
    });
  }

  pause(): Promise<void> {
    return this.#live('pause').pause();
  }

  resume(): Promise<void> {
    return this.#live('resume').resume();
  }

  reset(): Promise<void> {
    return this.#live('reset').reset();
  }

  setMemory(bytes: number, { timeout = DEFAULT_PATIENCE }: ChangeOptions = {}): Promise<void> {
    return this.#change({ do: 'memory', bytes, timeout });
  }

  setVcpus(count: number, { timeout = DEFAULT_PATIENCE }: ChangeOptions = {}): Promise<void> {
    return this.#change({ do: 'vcpus', count, timeout });
  }

  attachDevice(device: DeviceDescription, { timeout = DEFAULT_PATIENCE }: ChangeOptions = {}): Promise<void> {
    return this.#change({ do: 'attach', device, timeout });
  }

  async detachDevice(name: string, { timeout = DEFAULT_PATIENCE, force = false }: DetachOptions = {}): Promise<void> {
    const detach = { do: 'detach', name, force, timeout } as const;
    // One that keeps a machine from starting can be taken off it.
    if (this.#cell === undefined && this.#changes.devices?.some((device) => device.name === name) === true) {
      this.#changes = afterChange(this.#changes, detach);
    } else await this.#change(detach);
  }

  page(act: MemoryAct, bytes?: Uint8Array): Promise<MemoryAnswer & { readonly bytes?: Uint8Array }> {
    return this.#live('look at').page(act, bytes);
  }

  async powerOff(grace?: number): Promise<CellEnd> {
    return this.#finish((cell) => cell.powerOff(grace));
  }

  async stop(): Promise<CellEnd> {
    return this.#finish((cell) => cell.stop());
  }

  async kill(): Promise<void> {
    await this.#finish((cell) => cell.kill());
  }

  async destroy(): Promise<void> {
    if (this.#status === 'destroyed') return;
    await this.kill();
    await this.#inTurn(async () => {
      if (this.#status === 'destroyed') return;
      clearTimeout(this.#timer);
      await this.#dispose();
      this.#status = 'destroyed';
      for (const hub of this.#hubs.values()) hub.close();
      this.#services.destroyed();
    });
  }

  ended(): Promise<CellEnd> {
    if (this.#status === 'ended' && this.#end !== undefined) return Promise.resolve(this.#end);
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** Leaves its cell to the next host. */
  leave(): void {
    this.#left = true;
    clearTimeout(this.#timer);
    this.#cell?.letGo();
    for (const hub of this.#hubs.values()) hub.close();
  }

  /** One after the other, whatever became of those before. */
  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(act);
    this.#turn = result.catch(() => {});
    return result;
  }

  #refuse(what: string, allowed: readonly MachineStatus[]): void {
    if (allowed.includes(this.status)) return;
    throw errors.make('VIV_HOST_STATE', `cannot ${what} machine ${this.name}: it is ${this.status}`, {
      details: { status: this.status },
    });
  }

  #live(what: string): RemoteCell {
    this.#refuse(what, ['running', 'paused']);
    const cell = this.#cell;
    if (cell === undefined) throw errors.make('VIV_HOST_STATE', `cannot ${what} machine ${this.name}: it has no cell`);
    return cell;
  }

  readonly #hubFor = (name: string): ConsoleHub => {
    const hub = this.#hubs.get(name) ?? new ConsoleHub(name, this.#services.consoles);
    this.#hubs.set(name, hub);
    return hub;
  };

  #cellOptions(): RemoteCellOptions {
    const { name, onReboot, leased, overcommit } = this.description;
    const { deadlines, supervision } = this.#services;
    const deadline = deadlines.silence ?? DEFAULT_SILENCE;
    return {
      name,
      deadlines,
      ...(onReboot === undefined ? {} : { onReboot }),
      ...(leased === undefined ? {} : { leased }),
      ...(overcommit === undefined ? {} : { overcommit: { swap: (overcommit.swap ?? 0) * MIB } }),
      onSilence: (silentFor) =>
        this.#decide(() => supervision?.silent({ machine: name, silentFor, deadline }), 'kill' as const),
    };
  }

  async #change(change: HardwareChange): Promise<void> {
    this.#refuse('change', ['created', 'running', 'paused']);
    const { data, error } = hardwareChange.safeParse(change);
    if (data === undefined) {
      const [issue] = error.issues;
      throw errors.make('VIV_CELL_CHANGE', `${issue?.path.join('.')}: ${issue?.message}`);
    }
    await this.#cell?.change(data);
    this.#changes = afterChange(this.#changes, data);
  }

  async #launch(): Promise<void> {
    const { kind } = this.#services;
    const { name, limits = {}, recipe, writable } = this.description;
    const resolved = this.#services.resolve(recipe);
    const link = await kind.launch({ name, limits, writable, keepsake: { description: this.description } });
    const cell = await RemoteCell.create(link, resolved, this.#cellOptions(), this.#hubFor);
    try {
      this.#services.admit(this, cell.facts);
      for (const change of changesOf(this.#changes)) await cell.change(change);
    } catch (error) {
      await cell[Symbol.asyncDispose]();
      throw error;
    }
    this.#house(cell);
  }

  #house(cell: RemoteCell): void {
    this.#cell = cell;
    this.#facts = cell.facts;
    this.#asked = false;
    cell.onEvent(({ name, event }) => this.#services.emit(name, event));
    void this.#await(cell);
  }

  async #await(cell: RemoteCell): Promise<void> {
    const end = await cell.ended;
    if (this.#cell === cell && !this.#left) this.#over(end);
  }

  async #run(): Promise<void> {
    if (this.#cell === undefined) await this.#launch();
    this.#status = 'running';
    this.#startedAt = this.#services.now();
    this.#services.emit('host:started', {});
    await this.#cell?.start();
  }

  /** Ends the present run, and keeps it from being started again by itself. */
  async #finish<T>(act: (cell: RemoteCell) => Promise<T>): Promise<CellEnd> {
    this.#refuse('end', ['created', 'running', 'paused', 'waiting', 'ended']);
    this.#asked = true;
    clearTimeout(this.#timer);
    // A start that is under way may bring another cell.
    do {
      const cell = this.#cell;
      if (cell !== undefined) {
        await act(cell);
        await cell.ended;
      }
      await this.#inTurn(async () => {
        this.#asked = true;
        if (this.#status === 'waiting') this.#status = 'ended';
      });
    } while (this.#cell !== undefined && this.status !== 'created');
    return this.#end ?? { kind: 'stopped' };
  }

  /** The run is over: its cell is given back, and the policy asked. */
  #over(end: CellEnd): void {
    const asked = this.#asked;
    const cell = this.#cell;
    this.#facts = this.facts;
    this.#cell = undefined;
    this.#ends++;
    this.#stats = cell?.stats ?? this.#stats;
    this.#end = end;
    this.#endedAt = this.#services.now();
    const ranFor = this.#startedAt === undefined ? 0 : this.#endedAt - this.#startedAt;
    const decision: RestartDecision = asked ? { kind: 'leave' } : this.#decision(end, ranFor);
    this.#status = decision.kind === 'restart' ? 'waiting' : 'ended';
    void this.#inTurn(async () => {
      await cell?.[Symbol.asyncDispose]();
    }).catch((error: unknown) => this.#services.emit('host:failure', codedError(error, 'VIV_CELL_DIED')));
    this.#services.emit('host:ended', { end: plainEnd(end), asked });
    for (const resolve of this.#waiting.splice(0)) resolve(end);
    if (decision.kind === 'give-up') this.#services.emit('host:gave-up', { reason: decision.reason });
    if (decision.kind === 'restart') this.#restart(decision.after);
  }

  #decision(end: CellEnd, ranFor: number): RestartDecision {
    const now = this.#services.now();
    const code = end.kind === 'fault' ? end.fault.code : end.kind === 'crashed' ? end.error.code : undefined;
    const { restart } = this.description;
    const facts = {
      machine: this.name,
      end: end.kind,
      ranFor,
      restarts: this.#restartedAt.map((at) => now - at).toReversed(),
      ...(code === undefined ? {} : { code }),
      ...(restart === undefined ? {} : { wish: restart }),
    };
    return this.#decide(() => this.#services.supervision?.ended(facts), { kind: 'leave' });
  }

  /** What a policy decides; `otherwise` when there is none, or it fails. */
  #decide<T>(ask: () => T | undefined, otherwise: T): T {
    try {
      return ask() ?? otherwise;
    } catch (error) {
      this.#services.emit('host:failure', codedError(error, 'VIV_HOST_POLICY'));
      return otherwise;
    }
  }

  #restart(after: number): void {
    const wait = Math.min(Math.max(Math.trunc(after) || 0, 0), LONGEST_WAIT);
    this.#services.emit('host:restart', { after: wait });
    this.#timer = setTimeout(() => {
      void this.#inTurn(async () => {
        if (this.#status !== 'waiting') return;
        this.#restarts++;
        this.#restartedAt = [...this.#restartedAt, this.#services.now()].slice(-MOST_RESTARTS);
        const before = this.#ends;
        try {
          await this.#run();
        } catch (error) {
          // What keeps it from starting is one more end for the policy to see, unless its cell has told of it.
          if (this.#ends === before) this.#over({ kind: 'crashed', error: codedError(error, 'VIV_CELL_LAUNCH') });
        }
      });
    }, wait);
  }

  async #dispose(): Promise<void> {
    const cell = this.#cell;
    this.#cell = undefined;
    await cell?.[Symbol.asyncDispose]();
  }
}

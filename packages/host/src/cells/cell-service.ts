import { CharPortToken, ConsoleSizeToken, CpuCoreToken, MachineMemoryToken } from '@vivarium/contracts';
import type { Machine } from '@vivarium/kernel';
import type { Cell, CellOptions, CellStats } from '../cell.ts';
import { errors } from '../errors.ts';
import { CellHardware } from '../hardware/cell-hardware.ts';
import { InlineCell } from '../inline-cell.ts';
import { CellMemory } from '../memory/cell-memory.ts';
import type { PageTools } from '../memory/page-tools.ts';
import type { CellChannel } from './channel.ts';
import { ConsoleEnd } from './console-end.ts';
import type { CellEnd } from './end.ts';
import { EventFeed } from './event-feed.ts';
import { FreeRun } from './free-run.ts';
import { type CellRequest, type MachineFacts, parseRequest, PROTOCOL, type SentReport } from './messages.ts';
import { codedError, cut, plainEnd } from './plain.ts';
import { type Made, makeMachine } from './recipe-load.ts';

declare const setInterval: (callback: () => void, milliseconds: number) => unknown;
declare const clearInterval: (handle: unknown) => void;

type CellState = 'created' | 'running' | 'paused' | 'ended';
type Create = Extract<CellRequest, { readonly kind: 'create' }>;
type Grant = Extract<CellRequest, { readonly kind: 'grant' }>;
type Change = Extract<CellRequest, { readonly kind: 'change' }>;
type Memory = Extract<CellRequest, { readonly kind: 'memory' }>;
type Question = Exclude<Extract<CellRequest, { readonly id: number }>, Create | Grant | Memory | Change>;

/** Bytes on their way to the host above which signs of life and events are left out. */
const LARGEST_BACKLOG = 1 << 20;

const NOTHING_DONE: CellStats = { instructions: 0, slices: 0, idleMilliseconds: 0, wallMilliseconds: 0 };

/** What runs a machine where it was made. */
export type CreateCell = (machine: Machine, options: CellOptions) => Cell;

const factsOf = ({ facts, hardware }: Housed): MachineFacts => ({ ...facts, hardware: hardware.view });

const inline: CreateCell = (machine, options) => new InlineCell(machine, options);

/** A machine in its cell. */
interface Housed extends Made {
  readonly cell: Cell;
  /** But for what changes. */
  readonly facts: Omit<MachineFacts, 'hardware'>;
  readonly hardware: CellHardware;
  readonly consoles: ReadonlyMap<string, ConsoleEnd>;
  readonly feed: EventFeed;
  readonly startPaused: boolean;
  /** Absent: its pages stay where they are. */
  readonly memory: CellMemory | undefined;
}

/**
 * The inside of a cell that is reached by messages: makes the machine from its recipe, runs it, obeys the host, and
 * tells it what happens. Hosts may come and go; one at a time is heard.
 */
export class CellService implements AsyncDisposable {
  readonly #createCell: CreateCell;
  readonly #onEnd: (end: CellEnd) => void;
  readonly #tools: PageTools | undefined;
  #channel: CellChannel | undefined;
  #housed: Housed | undefined;
  #creating = false;
  #state: CellState = 'created';
  #end: CellEnd | undefined;
  /** A page of the guest was. */
  #lost: Error | undefined;
  #beat: unknown;
  /** While there is no host, of a leased cell. */
  #freeRun: FreeRun | undefined;
  /** The vCPUs hold no grants that no host gave. */
  #settled: Promise<void> = Promise.resolve();
  #disposed = false;

  /**
   * `createCell` contains the machine within the cell: by default on this thread. `onEnd` is called when the run is over,
   * or the machine could not be made; not when the cell is disposed of. Without `tools`, no pages are taken.
   */
  constructor(createCell: CreateCell = inline, onEnd: (end: CellEnd) => void = () => {}, tools?: PageTools) {
    this.#createCell = createCell;
    this.#onEnd = onEnd;
    this.#tools = tools;
  }

  /** Whether a host is connected. */
  get connected(): boolean {
    return this.#channel !== undefined;
  }

  /** Whether there is no machine: nothing that a host would come back for. */
  get empty(): boolean {
    return this.#housed === undefined;
  }

  /** Listens to a host, unless there is one. `closed` is called when it is gone. */
  connect(channel: CellChannel, closed: () => void): void {
    if (this.#channel !== undefined) {
      channel.close();
      closed();
      return;
    }
    this.#channel = channel;
    this.#settled = this.#freeRun?.stop() ?? Promise.resolve();
    this.#freeRun = undefined;
    const gone = (): void => {
      if (this.#channel !== channel) return;
      this.#channel = undefined;
      for (const console of this.#housed?.consoles.values() ?? []) console.disconnect();
      closed();
      this.#goOn();
    };
    channel.listen({
      message: (message) => {
        const request = parseRequest(message);
        if (request !== undefined && this.#obey(request)) return;
        // A host that breaks the protocol is none.
        channel.close();
        gone();
      },
      closed: gone,
    });
    this.#send({
      kind: 'hello',
      protocol: PROTOCOL,
      state: this.#housed === undefined ? 'empty' : this.#state,
      ...(this.#housed === undefined ? {} : { facts: factsOf(this.#housed) }),
    });
    this.#connectConsoles();
    this.#tellEnd();
  }

  /** Ends the run and takes the machine down. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#beat);
    this.#disposed = true;
    const housed = this.#housed;
    this.#housed = undefined;
    this.#channel?.close();
    this.#channel = undefined;
    if (housed === undefined) return;
    housed.feed.close();
    housed.hardware.close();
    for (const console of housed.consoles.values()) console.close();
    try {
      await housed.cell[Symbol.asyncDispose]();
    } finally {
      housed.memory?.close();
      await housed.hardware.dispose();
      await housed.parts.close?.();
    }
  }

  /** The host has gone, and `closed` has neither found another nor ended the cell: the guest goes on. */
  #goOn(): void {
    const lease = this.#housed?.cell.lease;
    if (this.#disposed || this.#channel !== undefined || lease === undefined || this.#state === 'ended') return;
    this.#freeRun = new FreeRun(lease, this.#housed?.facts.vcpus ?? 0);
  }

  #send(report: SentReport): void {
    this.#channel?.send(report);
  }

  /** False when the request breaks the protocol. */
  #obey(request: CellRequest): boolean {
    if (request.kind === 'create') {
      if (this.#creating) return false;
      this.#creating = true;
      void this.#create(request);
      return true;
    }
    const housed = this.#housed;
    if (request.kind === 'grant') {
      void this.#grant(request, housed);
      return true;
    }
    if (request.kind === 'memory') {
      this.#page(request, housed);
      return true;
    }
    if (request.kind === 'change') {
      void this.#change(request, housed);
      return true;
    }
    if (request.kind === 'revoke') {
      housed?.cell.lease?.revoke(request.vcpu);
      return true;
    }
    if ('id' in request) {
      void this.#answer(request, housed);
      return true;
    }
    const console = housed?.consoles.get(request.console);
    if (housed === undefined || console === undefined) return false;
    if (request.kind === 'taken') console.taken(request.count);
    else if (request.kind === 'input') return console.input(request.bytes);
    else this.#resize(housed, request);
    return true;
  }

  async #create({ id, name, recipe, beat, cell: options }: Create): Promise<void> {
    try {
      const { overcommit } = options;
      if (overcommit !== undefined && this.#tools?.enable() !== true) {
        throw errors.make('VIV_CELL_OVERCOMMIT', `no memory can be given back in the cell of machine ${name}`);
      }
      const made = await makeMachine(recipe, name);
      const cell = this.#createCell(made.machine, {
        ...(options.onReboot === undefined ? {} : { onReboot: options.onReboot }),
        ...(options.startPaused === undefined ? {} : { startPaused: options.startPaused }),
        ...(options.leased === undefined ? {} : { leased: options.leased }),
        ...(options.turnMilliseconds === undefined ? {} : { turnMilliseconds: options.turnMilliseconds }),
      });
      this.#housed = this.#house(made, cell, options);
    } catch (error) {
      this.#send({ kind: 'answer', id, error: codedError(error, 'VIV_CELL_RECIPE') });
      this.#onEnd({ kind: 'crashed', error: codedError(error, 'VIV_CELL_RECIPE') });
      return;
    }
    this.#housed.cell.lease?.onWake((vcpu) => this.#send({ kind: 'wake', vcpu }));
    this.#beat = setInterval(() => this.#live(), beat);
    this.#send({ kind: 'answer', id, facts: factsOf(this.#housed) });
    this.#connectConsoles();
  }

  #house(made: Made, cell: Cell, { startPaused = false, overcommit }: Create['cell']): Housed {
    const { machine, parts } = made;
    const core = machine.get(CpuCoreToken);
    const ids = machine.parts.filter(({ provides }) => provides.includes(CharPortToken.id)).map(({ id }) => id);
    const memory = machine.get(MachineMemoryToken).banks.reduce((sum, { length }) => sum + length, 0);
    const hardware = new CellHardware(made, () => this.#state);
    const paged = overcommit && this.#paged(machine, hardware, overcommit.swap);
    return {
      ...made,
      cell,
      startPaused,
      memory: paged,
      hardware,
      consoles: new Map(ids.map((id) => [id, new ConsoleEnd(machine.get(CharPortToken, id))])),
      feed: new EventFeed(machine, (name, event) => this.#event(name, event)),
      facts: {
        architecture: core.architecture,
        vcpus: core.vcpus.length,
        memory,
        consoles: ids,
        canPowerOff: parts.powerOff !== undefined,
        ...(paged === undefined ? {} : { overcommit: true }),
      },
    };
  }

  #paged(machine: Machine, { balloon }: CellHardware, swap: number): CellMemory {
    const memory = machine.get(MachineMemoryToken);
    const { paging } = memory;
    const tools = this.#tools;
    if (paging === undefined || tools === undefined) {
      throw errors.make('VIV_CELL_OVERCOMMIT', `the memory of machine ${machine.name} gives nothing back`);
    }
    return new CellMemory({
      memory,
      paging,
      balloon,
      tools,
      swap,
      failed: (error) => this.#lose(error),
    });
  }

  /** The guest cannot go on. */
  #lose(loss: Error): void {
    this.#lost ??= loss;
    void this.#housed?.cell.stop().catch(() => {}); // it ends in any case
  }

  #page({ id, act, bytes }: Memory, housed: Housed | undefined): void {
    try {
      if (housed?.memory === undefined)
        throw errors.make('VIV_CELL_OVERCOMMIT', 'no pages are taken from this machine');
      const { bytes: list, ...memory } = housed.memory.act(act, bytes);
      this.#send({ kind: 'answer', id, memory, ...(list === undefined ? {} : { bytes: list }) });
    } catch (error) {
      this.#send({ kind: 'answer', id, error: codedError(error, 'VIV_CELL_PART_THREW') });
    }
  }

  async #change({ id, change }: Change, housed: Housed | undefined): Promise<void> {
    try {
      if (housed === undefined) throw errors.make('VIV_CELL_STATE', 'no machine to change: there is none yet');
      await housed.hardware.change(change);
      this.#send({ kind: 'answer', id, facts: factsOf(housed) });
    } catch (error) {
      this.#send({ kind: 'answer', id, error: codedError(error, 'VIV_CELL_PART_THREW') });
    }
  }

  #connectConsoles(): void {
    if (this.#channel === undefined) return;
    for (const [id, console] of this.#housed?.consoles ?? []) {
      console.connect({
        output: (bytes, lost) => this.#send({ kind: 'output', console: id, bytes, lost }),
        taken: (count) => this.#send({ kind: 'taken', console: id, count }),
      });
    }
  }

  async #answer({ kind, id }: Question, housed: Housed | undefined): Promise<void> {
    try {
      if (housed === undefined) throw errors.make('VIV_CELL_STATE', `no machine to ${kind}: there is none yet`);
      if (kind === 'stats') this.#send({ kind: 'answer', id, stats: housed.cell.stats });
      else {
        await this.#act(kind, housed);
        this.#send({ kind: 'answer', id });
      }
    } catch (error) {
      this.#send({ kind: 'answer', id, error: codedError(error, 'VIV_CELL_PART_THREW') });
    }
  }

  async #grant({ id, vcpu, nanoseconds, stolen }: Grant, housed: Housed | undefined): Promise<void> {
    try {
      const lease = housed?.cell.lease;
      if (lease === undefined)
        throw errors.make('VIV_CELL_LEASE', 'the cell is not in leased mode, or holds no machine');
      await this.#settled;
      this.#send({ kind: 'answer', id, stint: await lease.grant(vcpu, nanoseconds, stolen) });
    } catch (error) {
      this.#send({ kind: 'answer', id, error: codedError(error, 'VIV_CELL_PART_THREW') });
    }
  }

  async #act(kind: Exclude<Question['kind'], 'stats'>, housed: Housed): Promise<void> {
    const { cell, machine, parts } = housed;
    if (kind === 'run') return this.#run(housed);
    if (kind === 'power-off') {
      if (parts.powerOff === undefined) {
        throw errors.make('VIV_CELL_NO_POWER_OFF', `machine ${machine.name} has no way to ask its guest to power off`);
      }
      return parts.powerOff(machine);
    }
    await cell[kind]();
    if (kind === 'pause') this.#become('paused');
    if (kind === 'resume') this.#become('running');
    return undefined;
  }

  #run({ cell, startPaused }: Housed): void {
    if (this.#state !== 'created') throw errors.make('VIV_CELL_STATE', 'the machine has been run before');
    this.#become(startPaused ? 'paused' : 'running');
    const finish = (how: CellEnd): void => {
      const lost = this.#lost;
      const end = lost === undefined ? how : { kind: 'crashed' as const, error: codedError(lost, 'VIV_PAGE_LOST') };
      this.#end = end;
      this.#become('ended');
      clearInterval(this.#beat);
      for (const console of this.#housed?.consoles.values() ?? []) console.flush();
      this.#tellEnd();
      this.#onEnd(end);
    };
    cell.run().then(finish, (error: unknown) => {
      finish({ kind: 'crashed', error: codedError(error, 'VIV_CELL_PART_THREW') });
    });
  }

  #become(state: CellState): void {
    if (this.#state !== 'ended') this.#state = state;
  }

  #tellEnd(): void {
    if (this.#end === undefined) return;
    this.#send({ kind: 'ended', end: plainEnd(this.#end), stats: this.#housed?.cell.stats ?? NOTHING_DONE });
  }

  #live(): void {
    const stats = this.#housed?.cell.stats;
    if (stats === undefined || (this.#channel?.backlog ?? 0) > LARGEST_BACKLOG) return;
    this.#send({ kind: 'beat', state: this.#state, stats });
  }

  #event(name: string, event: unknown): void {
    if ((this.#channel?.backlog ?? 0) > LARGEST_BACKLOG) return;
    this.#send({ kind: 'event', name: cut(name, 128), event });
  }

  #resize({ machine, parts }: Housed, request: Extract<CellRequest, { readonly kind: 'resize' }>): void {
    const { console, columns, rows } = request;
    const own = machine.parts.find(({ id, provides }) => id === console && provides.includes(ConsoleSizeToken.id));
    if (own !== undefined) machine.get(ConsoleSizeToken, console).resize(columns, rows);
    else parts.resize?.(machine, console, columns, rows);
  }
}

import { TokenBucket } from '@vivarium/token-bucket';
import type { CellOptions, CellStats } from '../cell.ts';
import { errors } from '../errors.ts';
import { hostNow } from '../event-loop.ts';
import { ConsoleHub, type ConsoleLimits, type HostConsole } from './console-hub.ts';
import { deferred } from './deferred.ts';
import type { CellEnd, CodedError } from './end.ts';
import type { CellLink } from './link.ts';
import { type CellReport, type CellRequest, type MachineFacts, parseReport, PROTOCOL } from './messages.ts';
import type { Lease } from '../lease.ts';
import { type Answer, Questions, revived } from './questions.ts';
import type { MachineRecipe } from './recipe.ts';
import type { HardwareChange } from '../hardware/change.ts';
import { RemoteLease } from './remote-lease.ts';
import type { MemoryAct, MemoryAnswer } from '../memory/acts.ts';
import { SilenceWatch } from './silence-watch.ts';

declare const setTimeout: (callback: () => void, milliseconds: number) => unknown;
declare const clearTimeout: (handle: unknown) => void;

/** Something that happened in a cell. */
export interface CellEvent {
  /** As on the machine's event bus; `cell:silent` is the host's own, with the milliseconds of silence. */
  readonly name: string;
  /** Plain data, bounded; not checked further. */
  readonly event: unknown;
}

/** Milliseconds. */
export interface CellDeadlines {
  /** From launch until the machine is assembled. Default 60,000. */
  readonly create?: number;
  /** For an answer to pause, resume, reset and the like. Default 30,000. */
  readonly answer?: number;
  /** Without a sign of life until the cell counts as hung. Default 10,000. */
  readonly silence?: number;
}

export interface RemoteCellOptions extends Pick<CellOptions, 'onReboot' | 'startPaused' | 'turnMilliseconds'> {
  /** Runs guest code only while `lease` is granted. Default false. */
  readonly leased?: boolean;
  /** Pages of its machine may be taken, and so many bytes of them written to a swap file. Default: they stay. */
  readonly overcommit?: { readonly swap: number };
  /** Of the machine, for people and logs. Default `machine`. */
  readonly name?: string;
  readonly deadlines?: CellDeadlines;
  readonly consoles?: ConsoleLimits;
  /** What to do about a cell that gives no sign of life: kill it, the default, or ask again a little later. */
  readonly onSilence?: (milliseconds: number) => 'kill' | 'wait';
}

/** Consoles that outlive the cell. */
export type Hubs = (name: string) => ConsoleHub;

type Waited = Extract<CellRequest, { readonly id: number }>['kind'];
type Simple = Exclude<Waited, 'create' | 'grant' | 'memory' | 'change'>;

const DEADLINES: Required<CellDeadlines> = { create: 60_000, answer: 30_000, silence: 10_000 };
/** Milliseconds for a cell whose channel has closed to die, and say of what. */
const LAST_WORDS = 2000;
/** Events that are taken from a cell; more are dropped. */
const EVENTS = { rate: 200, burst: 1000 };
const NOTHING_DONE: CellStats = { instructions: 0, slices: 0, idleMilliseconds: 0, wallMilliseconds: 0 };
const STOPPED: CellEnd = { kind: 'stopped' };

/** A machine in a cell that is reached by messages: a worker, a process, or whatever kind there is. */
export class RemoteCell implements AsyncDisposable {
  readonly name: string;
  readonly #link: CellLink;
  readonly #options: RemoteCellOptions;
  readonly #deadlines: Required<CellDeadlines>;
  readonly #hubFor: Hubs;
  readonly #hubs = new Map<string, ConsoleHub>();
  readonly #questions = new Questions();
  readonly #watch: SilenceWatch;
  readonly #lease: RemoteLease;
  readonly #events = new TokenBucket(EVENTS, hostNow() * 1e6);
  readonly #ended = deferred<CellEnd>();
  readonly #hello = deferred<void>();
  #listeners: readonly ((event: CellEvent) => void)[] = [];
  #end: CellEnd | undefined;
  #facts: MachineFacts | undefined;
  #stats = NOTHING_DONE;
  #state: 'created' | 'running' | 'paused' | 'ended' = 'created';
  #ran = false;
  #letGo = false;

  /** For whoever gives it pCPUs; absent when it runs whenever it can. */
  readonly lease?: Lease;

  private constructor(link: CellLink, options: RemoteCellOptions, hubs: Hubs | undefined) {
    this.name = options.name ?? 'machine';
    this.#link = link;
    this.#options = options;
    this.#deadlines = { ...DEADLINES, ...options.deadlines };
    this.#hubFor = hubs ?? ((name) => new ConsoleHub(name, options.consoles));
    this.#watch = new SilenceWatch(this.#deadlines.silence, (milliseconds) => this.#silent(milliseconds));
    this.#lease = new RemoteLease(this.#questions, (request) => this.#send(request));
    if (options.leased === true) this.lease = this.#lease;
    this.#hello.promise.catch(() => {}); // whoever waits for it hears of it
    link.channel.listen({
      message: (message) => this.#heard(message),
      closed: (reason) => void this.#closed(reason),
    });
    void link.died.then((reason) => this.#died(reason));
  }

  /** Has the cell at the other end of `link` make a machine. Throws coded errors, and leaves nothing behind then. */
  static async create(
    link: CellLink,
    recipe: MachineRecipe,
    options: RemoteCellOptions = {},
    hubs?: Hubs,
  ): Promise<RemoteCell> {
    const cell = new RemoteCell(link, options, hubs);
    const { onReboot, startPaused, turnMilliseconds, leased, overcommit } = options;
    const create = (id: number): CellRequest => ({
      kind: 'create',
      id,
      protocol: PROTOCOL,
      name: cell.name,
      recipe,
      beat: Math.min(Math.max(Math.trunc(cell.#deadlines.silence / 8), 10), 1000),
      cell: {
        ...(onReboot === undefined ? {} : { onReboot }),
        ...(startPaused === undefined ? {} : { startPaused }),
        ...(leased === undefined ? {} : { leased }),
        ...(overcommit === undefined ? {} : { overcommit }),
        ...(turnMilliseconds === undefined ? {} : { turnMilliseconds }),
      },
    });
    try {
      const { facts } = await cell.#ask('create its machine', cell.#deadlines.create, create);
      cell.#welcome(facts);
      return cell;
    } catch (error) {
      const end = cell.#end;
      await cell[Symbol.asyncDispose]();
      throw end?.kind === 'crashed' ? revived(end.error) : error;
    }
  }

  /** Takes over a cell that runs already. */
  static async adopt(link: CellLink, options: RemoteCellOptions = {}, hubs?: Hubs): Promise<RemoteCell> {
    const cell = new RemoteCell(link, options, hubs);
    const timer = setTimeout(
      () => cell.#hello.reject(errors.make('VIV_CELL_DEADLINE', 'the cell did not say hello')),
      cell.#deadlines.answer,
    );
    try {
      await cell.#hello.promise;
      return cell;
    } catch (error) {
      await cell[Symbol.asyncDispose]();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** What the machine is made of. */
  get facts(): MachineFacts {
    if (this.#facts === undefined) throw errors.make('VIV_CELL_STATE', `cell ${this.name} holds no machine`);
    return this.#facts;
  }

  get state(): 'created' | 'running' | 'paused' | 'ended' {
    return this.#state;
  }

  /** Number of its process, where it has one of its own. */
  get pid(): number | undefined {
    return this.#link.pid;
  }

  /** As of the last sign of life. */
  get stats(): CellStats {
    return this.#stats;
  }

  /** Resolves when the run is over, however; never rejects. */
  get ended(): Promise<CellEnd> {
    return this.#ended.promise;
  }

  get consoles(): readonly HostConsole[] {
    return [...this.#hubs.values()];
  }

  /** Throws `VIV_CELL_CONSOLE`. */
  console(name: string): HostConsole {
    const hub = this.#hubs.get(name);
    if (hub === undefined) throw errors.make('VIV_CELL_CONSOLE', `machine ${this.name} has no console ${name}`);
    return hub;
  }

  onEvent(listener: (event: CellEvent) => void): () => void {
    const entry = (event: CellEvent): void => listener(event);
    this.#listeners = [...this.#listeners, entry];
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== entry);
    };
  }

  /** Starts the machine. Resolves when it runs, not when it ends. */
  async start(): Promise<void> {
    this.#ran = true;
    await this.#simple('run');
    if (this.#state === 'created') this.#state = this.#options.startPaused === true ? 'paused' : 'running';
  }

  /** Starts the machine and resolves when its run is over. */
  async run(): Promise<CellEnd> {
    await this.start();
    return this.ended;
  }

  async pause(): Promise<void> {
    await this.#simple('pause');
    if (this.#state === 'running') this.#state = 'paused';
  }

  async resume(): Promise<void> {
    await this.#simple('resume');
    if (this.#state === 'paused') this.#state = 'running';
  }

  async reset(): Promise<void> {
    await this.#simple('reset');
  }

  /** Stats as of now. */
  async measure(): Promise<CellStats> {
    const { stats } = await this.#simple('stats');
    if (stats !== undefined) this.#stats = stats;
    return this.#stats;
  }

  /** Does something with the pages of its guest; there must be an `overcommit`. */
  async page(act: MemoryAct, bytes?: Uint8Array): Promise<MemoryAnswer & { readonly bytes?: Uint8Array }> {
    const request = (id: number): CellRequest => ({
      kind: 'memory',
      id,
      act,
      ...(bytes === undefined || bytes.length === 0 ? {} : { bytes }),
    });
    const answer = await this.#ask(act.do, this.#deadlines.answer, request);
    if (answer.memory === undefined)
      throw errors.make('VIV_CELL_PROTOCOL', `cell ${this.name} did not say what came of it`);
    return { ...answer.memory, ...(answer.bytes === undefined ? {} : { bytes: answer.bytes }) };
  }

  /** Changes what its guest has, and resolves when that has done its part. Throws `VIV_CELL_GUEST` when it does not. */
  async change(change: HardwareChange): Promise<void> {
    const deadline = change.timeout + this.#deadlines.answer;
    const { facts } = await this.#ask('change', deadline, (id) => ({ kind: 'change', id, change }));
    if (facts !== undefined && this.#facts !== undefined) this.#facts = { ...this.#facts, hardware: facts.hardware };
  }

  /** Asks the guest to power off, and pulls the plug when it has not after `grace` milliseconds, or cannot be asked. */
  async powerOff(grace = 10_000): Promise<CellEnd> {
    if (this.#end === undefined && this.#state === 'running' && this.#facts?.canPowerOff === true) {
      const asked = await this.#simple('power-off').then(
        () => true,
        () => false, // then the plug it is
      );
      if (asked) await this.#endWithin(grace);
    }
    return this.stop();
  }

  /** Pulls the plug; a cell that does not do it is killed. */
  async stop(): Promise<CellEnd> {
    if (this.#end === undefined && this.#ran) {
      const stopped = await this.#simple('stop').then(
        () => true,
        () => false, // and so does not obey
      );
      if (stopped) await this.#endWithin(this.#deadlines.answer);
    }
    if (this.#end === undefined) await this.kill();
    return this.ended;
  }

  /** Ends the cell at once. */
  async kill(): Promise<void> {
    this.#settle(STOPPED);
    await this.#link.kill();
  }

  /** Leaves a cell that outlives its host to the next one. Nothing can be asked of it any more. */
  letGo(): void {
    this.#letGo = true;
    this.#settle(STOPPED);
    this.#link.channel.close();
  }

  /** Ends it if need be, and gives everything back. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#letGo) {
      this.#settle(STOPPED);
      this.#link.channel.close();
      await this.#link.kill();
      await this.#link.clean();
    }
    if (this.#hubs.size > 0) for (const hub of this.#hubs.values()) hub.disconnect();
  }

  #send(request: CellRequest): void {
    this.#link.channel.send(request);
  }

  #ask(what: string, deadline: number, request: (id: number) => CellRequest): Promise<Answer> {
    if (this.#end !== undefined) return Promise.reject(this.#gone());
    return this.#questions.ask(what, deadline, (id) => this.#send(request(id)));
  }

  #simple(kind: Simple): Promise<Answer> {
    return this.#ask(kind, this.#deadlines.answer, (id) => ({ kind, id }));
  }

  #gone(): Error {
    const end = this.#end;
    if (end?.kind === 'crashed') return errors.make('VIV_CELL_ENDED', `cell ${this.name}: ${end.error.message}`);
    return errors.make('VIV_CELL_ENDED', `the run of machine ${this.name} is over`);
  }

  async #endWithin(milliseconds: number): Promise<void> {
    let timer: unknown;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, milliseconds);
    });
    await Promise.race([this.ended, late]);
    clearTimeout(timer);
  }

  #heard(message: unknown): void {
    this.#watch.heard();
    const report = parseReport(message);
    if (report === undefined || !this.#take(report)) {
      this.#crash({ code: 'VIV_CELL_PROTOCOL', message: `cell ${this.name} broke the protocol` });
    }
  }

  /** False when it breaks the protocol. */
  #take(report: CellReport): boolean {
    if (report.kind === 'hello') {
      if (report.state !== 'empty') {
        this.#ran = report.state !== 'created';
        this.#state = report.state;
        this.#welcome(report.facts);
      }
      this.#hello.resolve();
    } else if (report.kind === 'answer') this.#questions.answer(report);
    else if (report.kind === 'wake') this.#lease.woken(report.vcpu);
    else if (report.kind === 'output') {
      const hub = this.#hubs.get(report.console);
      hub?.output(report.bytes, report.lost);
      return hub !== undefined;
    } else if (report.kind === 'taken') return this.#hubs.get(report.console)?.inputTaken(report.count) === true;
    else if (report.kind === 'event') {
      // A cell keeps to a lower rate, unless it is none any more.
      if (this.#events.take(1, hostNow() * 1e6)) this.#emit({ name: report.name, event: report.event });
    } else {
      this.#stats = report.stats;
      if (report.kind === 'ended') this.#settle(report.end as CellEnd);
      else if (this.#state !== 'ended' && report.state !== 'ended') this.#state = report.state;
    }
    return true;
  }

  /** The machine is there. */
  #welcome(facts: MachineFacts | undefined): void {
    if (facts === undefined || this.#facts !== undefined || this.#end !== undefined) return;
    this.#facts = facts;
    for (const name of facts.consoles) {
      const hub = this.#hubFor(name);
      this.#hubs.set(name, hub);
      hub.connect({
        input: (bytes) => this.#send({ kind: 'input', console: name, bytes }),
        taken: (count) => this.#send({ kind: 'taken', console: name, count }),
        resize: (columns, rows) => this.#send({ kind: 'resize', console: name, columns, rows }),
      });
    }
    this.#watch.start();
  }

  #emit(event: CellEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch {
        // What a listener does wrong is none of the cell's business.
      }
    }
  }

  #silent(milliseconds: number): void {
    this.#emit({ name: 'cell:silent', event: { milliseconds } });
    if ((this.#options.onSilence?.(milliseconds) ?? 'kill') === 'wait') return;
    this.#crash({ code: 'VIV_CELL_HUNG', message: `cell ${this.name} gave no sign of life for ${milliseconds} ms` });
  }

  async #closed(reason: string | undefined): Promise<void> {
    if (this.#end !== undefined) return;
    let timer: unknown;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, LAST_WORDS);
    });
    await Promise.race([this.#link.died, late]); // what it died of is heard by `#died`
    clearTimeout(timer);
    const why = reason === undefined ? '' : `: ${reason}`;
    this.#crash({ code: 'VIV_CELL_DIED', message: `cell ${this.name} closed its channel${why}` });
  }

  #died(reason: CodedError | undefined): void {
    const unknown = { code: 'VIV_CELL_DIED', message: `cell ${this.name} ended before its machine did` };
    this.#settle({ kind: 'crashed', error: reason ?? unknown });
  }

  #crash(error: CodedError): void {
    this.#settle({ kind: 'crashed', error });
    if (!this.#letGo) void this.#link.kill();
  }

  /** The run is over, for the first reason that is known. */
  #settle(end: CellEnd): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#state = 'ended';
    this.#watch.stop();
    const gone = this.#gone();
    this.#lease.end(this.#facts?.vcpus ?? 0);
    this.#questions.fail(gone);
    this.#hello.reject(gone);
    for (const hub of this.#hubs.values()) hub.disconnect();
    this.#ended.resolve(end);
  }
}

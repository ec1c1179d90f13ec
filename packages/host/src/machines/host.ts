import type { HostCapacity, ResourcePolicy, SupervisionPolicy } from '@vivarium/contracts';
import type { ConsoleLimits } from '../cells/console-hub.ts';
import type { CellEnd } from '../cells/end.ts';
import type { CellKind } from '../cells/link.ts';
import { endSchema, type MachineFacts } from '../cells/messages.ts';
import { codedError } from '../cells/plain.ts';
import type { MachineRecipe } from '../cells/recipe.ts';
import type { CellDeadlines } from '../cells/remote-cell.ts';
import { errors } from '../errors.ts';
import { claimsOf } from './claims.ts';
import { type MachineDescription, parseDescription } from './description.ts';
import { EventLog, type HostEvent } from './host-event.ts';
import type { HostedMachine, MachinePast } from './hosted-machine.ts';
import { KeptMachine } from './kept-machine.ts';

/** What a host may hold. */
export interface HostLimits {
  /** Machines. Default 256. */
  readonly machines?: number;
  /** Bytes of guest memory of all machines that have a cell. Default: no bound. */
  readonly memory?: number;
  /** Bytes of guest memory of one machine. Default: no bound. */
  readonly machineMemory?: number;
  /** vCPUs of one machine. Default: no bound. */
  readonly machineVcpus?: number;
}

export interface HostOptions {
  /** The kinds of cells that descriptions may ask for. */
  readonly kinds: readonly CellKind[];
  readonly limits?: HostLimits;
  /** What becomes of machines that end and cells that hang. Default: nothing starts again, what hangs is killed. */
  readonly supervision?: SupervisionPolicy;
  /** Whether there is room for one more. Default: the limits decide alone. */
  readonly admission?: { readonly policy: ResourcePolicy; readonly capacity: HostCapacity };
  /** Asked before a cell is made; a text is why not now: `MemoryControl.gate`. */
  readonly gate?: () => string | undefined;
  readonly deadlines?: CellDeadlines;
  readonly consoles?: ConsoleLimits;
  /**
   * What recipe is meant by one in a description, or a refusal by throwing: a module is code, and who may describe
   * machines may run it. Default: recipes are taken as they are.
   */
  readonly resolve?: (recipe: MachineRecipe) => MachineRecipe;
  /** What is known of a machine that this host adopts or enlists: how often it was started again, since when it is there. */
  readonly past?: (name: string) => MachinePast | undefined;
  /** Milliseconds since 1970. Default: `Date.now`. */
  readonly now?: () => number;
}

/** Many machines, each in a cell of its own. Disposing of it destroys them. */
export interface Host extends AsyncDisposable {
  /** In the order in which they came. */
  readonly machines: readonly HostedMachine[];
  /** Throws `VIV_HOST_UNKNOWN`. */
  machine(name: string): HostedMachine;
  /**
   * Makes a machine in a cell: assembled, not started. The description is checked as one that came from anywhere.
   * Rejects with coded errors, and leaves nothing behind then.
   */
  create(description: MachineDescription): Promise<HostedMachine>;
  /** Lists a machine of a host before this one as one that has ended: it has no cell, and `start` makes one. */
  enlist(description: MachineDescription): HostedMachine;
  /**
   * Takes over cells that a host before this one has left, and clears away what is left of those that have died; their
   * machines are there as ended ones, and are started again if the policy says so.
   */
  adopt(): Promise<readonly HostedMachine[]>;
  /** Hears of everything that happens from now on. Returns its removal. */
  on(listener: (event: HostEvent) => void): () => void;
  /** Leaves cells that can outlive their host to the next one, and destroys all other machines. */
  leave(): Promise<void>;
}

const MOST_MACHINES = 256;

/** What a cell wrote when nobody was there to hear it. */
const lastEnd = (lastWord: unknown): CellEnd => {
  const end = endSchema.safeParse(lastWord).data;
  if (end !== undefined) return end as CellEnd;
  return { kind: 'crashed', error: { code: 'VIV_CELL_DIED', message: 'the cell ended while there was no host' } };
};

class MachineHost implements Host {
  readonly #options: HostOptions;
  readonly #machines = new Map<string, KeptMachine>();
  readonly #log: EventLog;

  constructor(options: HostOptions) {
    this.#options = options;
    this.#log = new EventLog(options.now ?? (() => Date.now()));
  }

  get machines(): readonly HostedMachine[] {
    return [...this.#machines.values()];
  }

  machine(name: string): HostedMachine {
    const machine = this.#machines.get(name);
    if (machine === undefined) throw errors.make('VIV_HOST_UNKNOWN', `there is no machine ${JSON.stringify(name)}`);
    return machine;
  }

  async create(description: MachineDescription): Promise<HostedMachine> {
    const parsed = this.#newcomer(description);
    const { name } = parsed;
    const machine = this.#keep(parsed);
    try {
      await machine.create();
    } catch (error) {
      if (this.#machines.get(name) === machine) this.#machines.delete(name);
      throw error;
    }
    if (machine.status === 'destroyed') throw errors.make('VIV_HOST_STATE', `machine ${name} was destroyed meanwhile`);
    this.#log.emit(name, 'host:created', {});
    return machine;
  }

  enlist(description: MachineDescription): HostedMachine {
    const machine = this.#keep(this.#newcomer(description));
    this.#recall(machine);
    machine.rest();
    return machine;
  }

  async adopt(): Promise<readonly HostedMachine[]> {
    const adopted: HostedMachine[] = [];
    for (const kind of this.#options.kinds) {
      for (const { name, keepsake, link, lastWord } of (await kind.adopt?.()) ?? []) {
        let machine: KeptMachine | undefined;
        try {
          const description = parseDescription((keepsake as { readonly description?: unknown } | null)?.description);
          if (this.#machines.has(description.name)) {
            throw errors.make('VIV_HOST_NAME_TAKEN', `there is a machine ${description.name} already`);
          }
          machine = this.#keep(description);
          this.#recall(machine);
          if (link !== undefined) await machine.adopt(link);
          this.#log.emit(name, 'host:adopted', {});
          if (link === undefined) machine.bury(lastEnd(lastWord));
          adopted.push(machine);
        } catch (error) {
          // A cell that nobody can look after ends here.
          await link?.kill();
          await link?.clean();
          if (machine !== undefined) this.#machines.delete(machine.name);
          this.#log.emit(name, 'host:failure', codedError(error, 'VIV_CELL_DIED'));
        }
      }
    }
    return adopted;
  }

  on(listener: (event: HostEvent) => void): () => void {
    return this.#log.on(listener);
  }

  async leave(): Promise<void> {
    await Promise.all(
      [...this.#machines.values()].map(async (machine) => {
        if (this.#kind(machine.description).outlives !== true) return machine.destroy();
        this.#machines.delete(machine.name);
        return machine.leave();
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#machines.values()].map((machine) => machine.destroy()));
  }

  #kind({ cell }: MachineDescription): CellKind {
    const kind = this.#options.kinds.find(({ name }) => name === cell);
    if (kind !== undefined) return kind;
    const known = this.#options.kinds.map(({ name }) => name).join(', ');
    throw errors.make(
      'VIV_HOST_DESCRIPTION',
      `cell: the host has no cells of kind ${JSON.stringify(cell)}, only ${known}`,
    );
  }

  #newcomer(description: MachineDescription): MachineDescription {
    const parsed = parseDescription(description);
    const { name } = parsed;
    const most = this.#options.limits?.machines ?? MOST_MACHINES;
    if (this.#machines.has(name)) throw errors.make('VIV_HOST_NAME_TAKEN', `there is a machine ${name} already`);
    if (this.#machines.size >= most) throw errors.make('VIV_HOST_FULL', `the host has ${most} machines, its limit`);
    return parsed;
  }

  #recall(machine: KeptMachine): void {
    const past = this.#options.past?.(machine.name);
    if (past !== undefined) machine.recall(past);
  }

  #keep(description: MachineDescription): KeptMachine {
    const { name } = description;
    const { supervision, deadlines = {}, consoles = {}, resolve = (recipe) => recipe, now } = this.#options;
    const machine = new KeptMachine(description, {
      now: now ?? (() => Date.now()),
      kind: this.#kind(description),
      supervision,
      deadlines,
      consoles,
      resolve,
      admit: (candidate, facts) => this.#admit(candidate, facts),
      emit: (event, data) => this.#log.emit(name, event, data),
      destroyed: () => {
        this.#machines.delete(name);
        this.#log.emit(name, 'host:destroyed', {});
      },
    });
    this.#machines.set(name, machine);
    return machine;
  }

  #admit(candidate: HostedMachine, facts: MachineFacts): void {
    const { limits = {}, admission, gate } = this.#options;
    const { name, description } = candidate;
    const refuse = (what: string): Error => errors.make('VIV_HOST_FULL', `no room for machine ${name}: ${what}`);
    const closed = gate?.();
    if (closed !== undefined) throw refuse(closed);
    const others = [...this.#machines.values()].filter((machine) => machine !== candidate && machine.memory > 0);
    const total = others.reduce((sum, { memory }) => sum + memory, facts.memory);
    if (facts.memory > (limits.machineMemory ?? Number.POSITIVE_INFINITY)) {
      throw refuse(`${facts.memory} bytes of memory are more than ${limits.machineMemory}, the limit of one`);
    }
    if (facts.vcpus > (limits.machineVcpus ?? Number.POSITIVE_INFINITY)) {
      throw refuse(`${facts.vcpus} vCPUs are more than ${limits.machineVcpus}, the limit of one`);
    }
    if (total > (limits.memory ?? Number.POSITIVE_INFINITY)) {
      throw refuse(`with it, machines would have ${total} bytes of memory, and ${limits.memory} is the limit`);
    }
    if (admission === undefined) return;
    const running = others.map((machine) => claimsOf(machine.description, machine.facts));
    const answer = admission.policy.admit(admission.capacity, running, claimsOf(description, facts));
    if (!answer.admitted) throw refuse(answer.short.map(({ message }) => message).join('; '));
  }
}

/** Makes a host. */
export const createHost = (options: HostOptions): Host => new MachineHost(options);

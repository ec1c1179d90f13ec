import type { EndedEvent, Host, HostedMachine, HostEvent, MachineInfo } from '@vivarium/host';
import type { Entitlements } from './entitlements.ts';
import { errors } from './errors.ts';
import type { MachineRecord, MachineStore } from './machine-record.ts';
import type { InputOf } from './operations.ts';
import type { Template } from './template.ts';
import { Turns } from './turns.ts';

/** What a fleet works with. */
export interface FleetParts {
  readonly host: Host;
  readonly store: MachineStore;
  readonly entitlements: Entitlements;
  /** Whether there are pCPUs to run on. */
  readonly schedules: boolean;
  readonly templates: Readonly<Record<string, Template>>;
  /** Kind of cell where whoever asks names none. */
  readonly cell: string;
  /** Kinds that may be asked for. */
  readonly cells: readonly string[];
  /** Records of the machines, which the host's `past` reads, too. */
  readonly records: Map<string, MachineRecord>;
  readonly now: () => number;
  /** A machine is there, was adopted, or has a cell again. */
  readonly present: (machine: HostedMachine, record: MachineRecord) => void;
  /** What went wrong where nobody waits for an answer. */
  readonly trouble: (machine: string, error: unknown) => void;
}

const DEFAULT_WEIGHT = 256;

/**
 * The machines of a host and what is kept of them. A record is written before anything is done, so that a process that
 * is killed at any moment leaves what the next one finishes or takes back.
 */
export class Fleet {
  readonly #parts: FleetParts;
  readonly #records: Map<string, MachineRecord>;
  readonly #turns = new Turns();
  readonly #writes = new Turns();
  readonly #unlisten: () => void;
  #leaving = false;

  constructor(parts: FleetParts) {
    this.#parts = parts;
    this.#records = parts.records;
    this.#unlisten = parts.host.on((event) => this.#heard(event));
  }

  /** Those that are there, in the order in which they came: that in which cells are found again is none. */
  get all(): readonly (readonly [HostedMachine, MachineRecord])[] {
    const machines = new Map(this.#parts.host.machines.map((machine) => [machine.name, machine]));
    return [...this.#records.values()].flatMap((record) => {
      const machine = machines.get(record.name);
      return machine === undefined || record.phase === 'creating' ? [] : [[machine, record] as const];
    });
  }

  /** Throws `VIV_HOST_UNKNOWN`. */
  get(name: string): readonly [HostedMachine, MachineRecord] {
    const found = this.all.find(([machine]) => machine.name === name);
    // What is being made is not there yet; the host knows its name all the same.
    if (found === undefined) throw errors.make('VIV_CONTROL_NO_MACHINE', `there is no machine ${JSON.stringify(name)}`);
    return found;
  }

  /** What the guest of a machine may do with the host. */
  management(name: string): MachineRecord['management'] {
    return this.#records.get(name)?.management;
  }

  /** Takes over what the control plane before this one has left. */
  async recover(): Promise<void> {
    const { store, host, trouble } = this.#parts;
    for (const record of await store.load(trouble)) this.#records.set(record.name, record);
    const found = new Map((await host.adopt()).map((machine) => [machine.name, machine]));
    for (const record of [...this.#records.values()]) {
      await this.#turns
        .take(record.name, () => this.#restore(record, found.get(record.name)))
        .catch((error: unknown) => trouble(record.name, error));
      found.delete(record.name);
    }
    // Whoever lost the records has cells that say what they are.
    for (const machine of found.values())
      await this.#take(machine).catch((error: unknown) => trouble(machine.name, error));
  }

  create(order: InputOf<'create'>): Promise<readonly [HostedMachine, MachineRecord]> {
    const { name } = order;
    if (this.#records.has(name) || this.#turns.busy(name)) {
      throw errors.make(
        'VIV_CONTROL_NAME_TAKEN',
        `there is a machine ${name} already, or one is being made or destroyed`,
      );
    }
    return this.#turns.take(name, async () => {
      const record = await this.#recordOf(order);
      this.#records.set(name, record);
      try {
        await this.#save(record);
        const machine = await this.#parts.host.create(record.description);
        const { facts } = machine.info();
        Object.assign(record, { vcpus: facts.vcpus, memory: facts.memory });
        this.#parts.entitlements.admit(record);
        Object.assign(record, { phase: 'present', desired: order.start === true ? 'running' : 'created' });
        await this.#save(record);
        this.#parts.present(machine, record);
        if (order.start === true) await machine.start();
        return [machine, record] as const;
      } catch (error) {
        await this.#forget(record);
        throw error;
      }
    });
  }

  /** Does not wait for what else is asked of the machine. */
  destroy(name: string): Promise<void> {
    const [, record] = this.get(name);
    // No name of a machine.
    return this.#turns.take(`destroy ${name}`, async () => {
      if (this.#records.get(name) !== record) return;
      record.phase = 'destroying';
      await this.#save(record);
      await this.#forget(record);
    });
  }

  /**
   * Does something to a machine, after it was noted what its owner wants; when that fails, he wanted what was before.
   * What is urgent does not wait for what was asked before.
   */
  async want(
    name: string,
    desired: MachineRecord['desired'] | undefined,
    act: (machine: HostedMachine) => Promise<unknown>,
    urgency: 'in turn' | 'at once' = 'in turn',
  ): Promise<readonly [HostedMachine, MachineRecord]> {
    const [machine, record] = this.get(name);
    return this.#turns.take(urgency === 'in turn' ? name : `now ${name}`, async () => {
      if (this.#records.get(name) !== record) {
        throw errors.make('VIV_CONTROL_NO_MACHINE', `machine ${name} was destroyed meanwhile`);
      }
      const before = record.desired;
      if (desired !== undefined && desired !== before) {
        record.desired = desired;
        await this.#save(record);
      }
      try {
        await act(machine);
      } catch (error) {
        record.desired = before;
        await this.#save(record);
        throw error;
      }
      return [machine, record] as const;
    });
  }

  /** Another weight or cap, at once; then what its guest has to do its part for. */
  async set(order: InputOf<'set'>): Promise<readonly [HostedMachine, MachineRecord]> {
    const { name, weight, cap, vcpus, memory, timeout } = order;
    const changes = vcpus !== undefined || memory !== undefined;
    if (!changes || weight !== undefined || cap !== undefined) await this.#weigh(order);
    if (!changes) return this.get(name);
    const options = timeout === undefined ? {} : { timeout };
    return this.change(name, async (machine) => {
      if (vcpus !== undefined) await machine.setVcpus(vcpus, options);
      if (memory !== undefined) await machine.setMemory(memory, options);
    });
  }

  /**
   * Changes what a machine is made of, and keeps that for its later runs. A guest that takes its time keeps nobody from
   * stopping the machine.
   */
  async change(
    name: string,
    act: (machine: HostedMachine) => Promise<void>,
    urgency: 'in turn' | 'at once' = 'in turn',
  ): Promise<readonly [HostedMachine, MachineRecord]> {
    const [machine, record] = this.get(name);
    return this.#turns.take(urgency === 'in turn' ? `change ${name}` : `now ${name}`, async () => {
      try {
        await act(machine);
      } finally {
        // Of several, some may have been done.
        record.past = pastNow(machine.info());
        await this.#save(record);
      }
      return [machine, record] as const;
    });
  }

  async #weigh({ name, weight, cap }: InputOf<'set'>): Promise<readonly [HostedMachine, MachineRecord]> {
    const [machine, record] = this.get(name);
    if (!scheduled(record, this.#parts.schedules)) {
      throw errors.make('VIV_CONTROL_UNSCHEDULED', `machine ${name} has neither weight nor cap`);
    }
    return this.#turns.take(name, async () => {
      const before = { weight: record.weight, cap: record.cap };
      try {
        Object.assign(record, { weight: weight ?? before.weight, cap: cap === undefined ? before.cap : cap });
        this.#parts.entitlements.change(record);
        await this.#save(record);
      } catch (error) {
        Object.assign(record, before);
        throw error;
      }
      return [machine, record] as const;
    });
  }

  /** Leaves machines that can outlive this process to the next, and ends the others, which the next starts again. */
  async leave(): Promise<void> {
    this.#leaving = true;
    await this.#turns.settled();
    this.#unlisten();
    await this.#parts.host.leave();
    await this.#writes.settled();
  }

  async #recordOf(order: InputOf<'create'>): Promise<MachineRecord> {
    const { templates, schedules, now } = this.#parts;
    const { name, template, options, weight = DEFAULT_WEIGHT, cap = null, restart = 'never' } = order;
    const maker = Object.hasOwn(templates, template) ? templates[template] : undefined;
    if (maker === undefined) {
      const known = Object.keys(templates).join(', ');
      throw errors.make('VIV_CONTROL_TEMPLATE', `there is no template ${JSON.stringify(template)}, only ${known}`);
    }
    const { cell = this.#parts.cell } = order;
    if (!this.#parts.cells.includes(cell)) {
      throw errors.make('VIV_CONTROL_INPUT', `cell: it is one of ${this.#parts.cells.join(', ')}`);
    }
    const made = await maker(options, { name });
    if (order.management !== undefined && made.port === undefined) {
      throw errors.make('VIV_CONTROL_NO_PORT', `machine ${name} would have no port to the control plane`);
    }
    const leased = schedules && made.scheduled !== false;
    if (!leased && (order.weight !== undefined || order.cap !== undefined)) {
      throw errors.make('VIV_CONTROL_UNSCHEDULED', `machine ${name} would have neither weight nor cap`);
    }
    const limits = order.limits ?? made.limits;
    return {
      version: 1,
      name,
      phase: 'creating',
      description: {
        name,
        cell,
        recipe: made.recipe,
        restart,
        leased,
        ...(made.onReboot === undefined ? {} : { onReboot: made.onReboot }),
        ...(made.writable === undefined ? {} : { writable: [...made.writable] }),
        ...(limits === undefined ? {} : { limits }),
        ...(order.overcommit === undefined ? {} : { overcommit: order.overcommit }),
        ...(order.salt === undefined ? {} : { claims: { salt: order.salt } }),
      },
      template,
      desired: 'created',
      weight,
      cap,
      restart,
      ...(made.exec === undefined ? {} : { exec: made.exec }),
      ...(made.port === undefined ? {} : { port: made.port }),
      ...(order.management === undefined ? {} : { management: order.management }),
      vcpus: 1,
      memory: 0,
      past: { restarts: 0, restartedAt: [], createdAt: now() },
    };
  }

  /** A record that was found, and its machine if that was found, too. */
  async #restore(record: MachineRecord, found: HostedMachine | undefined): Promise<void> {
    const { host, entitlements } = this.#parts;
    if (record.phase !== 'present') {
      await this.#forget(record);
      return;
    }
    const machine = found ?? host.enlist(record.description);
    this.#parts.present(machine, record);
    entitlements.admit(record);
    await this.#follow(machine, record);
  }

  /** Brings a machine that was found to where its owner wants it. */
  async #follow(machine: HostedMachine, record: MachineRecord): Promise<void> {
    const { status } = machine;
    if (status === 'running' || status === 'paused') this.#parts.entitlements.attach(machine, record);
    switch (record.desired) {
      case 'running':
        // One that has ended by itself for good is not wanted any more.
        if (status === 'created' || status === 'ended') await machine.start();
        if (status === 'paused') await machine.resume();
        break;
      case 'paused':
        if (status === 'running') await machine.pause();
        // What stood still is gone with its cell.
        if (status === 'created' || status === 'ended') {
          record.desired = status === 'created' ? 'created' : 'stopped';
          await this.#save(record);
        }
        break;
      case 'stopped':
        if (status !== 'ended' && status !== 'created') await machine.stop();
        break;
      case 'created':
        break;
    }
  }

  /** A machine whose record is lost. */
  async #take(machine: HostedMachine): Promise<void> {
    const { facts, status, createdAt } = machine.info();
    const record: MachineRecord = {
      version: 1,
      name: machine.name,
      phase: 'present',
      description: machine.description,
      template: '',
      desired: status === 'running' || status === 'paused' ? status : 'stopped',
      weight: DEFAULT_WEIGHT,
      cap: null,
      restart: machine.description.restart ?? 'never',
      vcpus: facts.vcpus,
      memory: facts.memory,
      past: { restarts: 0, restartedAt: [], createdAt },
    };
    this.#records.set(record.name, record);
    this.#parts.entitlements.admit(record);
    if (status === 'running' || status === 'paused') this.#parts.entitlements.attach(machine, record);
    await this.#save(record);
  }

  /** Destroys a machine if it is there, and then its record. */
  async #forget(record: MachineRecord): Promise<void> {
    const { host, entitlements, store } = this.#parts;
    const { name } = record;
    // Found by whoever comes next, should this be the end.
    record.phase = 'destroying';
    await host.machines.find((machine) => machine.name === name)?.destroy();
    entitlements.release(name);
    this.#records.delete(name);
    await this.#writes.take(name, () => store.remove(name));
  }

  /** One write of a record after the other. */
  #save(record: MachineRecord): Promise<void> {
    return this.#writes.take(record.name, async () => {
      if (this.#records.get(record.name) === record) await this.#parts.store.save(structuredClone(record));
    });
  }

  #heard({ machine: name, name: event, event: data }: HostEvent): void {
    const record = this.#records.get(name);
    if (record === undefined || record.phase !== 'present' || this.#leaving) return;
    const machine = this.#parts.host.machines.find((each) => each.name === name);
    if (machine === undefined) return;
    try {
      if (event === 'host:started') {
        this.#parts.present(machine, record);
        this.#parts.entitlements.attach(machine, record);
      }
      // It ended by itself, for good.
      if (event === 'host:ended' && !(data as EndedEvent).asked && machine.status !== 'waiting')
        record.desired = 'stopped';
      if (event !== 'host:started' && event !== 'host:ended' && event !== 'host:restart') return;
      record.past = pastNow(machine.info());
    } catch (error) {
      this.#parts.trouble(name, error);
    }
    void this.#save(record).catch((error: unknown) => this.#parts.trouble(name, error));
  }
}

/** Whether a machine runs on pCPUs. */
export const scheduled = ({ description }: MachineRecord, schedules: boolean): boolean =>
  schedules && description.leased === true;

const pastNow = ({
  restarts,
  restartedAt,
  createdAt,
  startedAt,
  endedAt,
  end,
  changes,
}: MachineInfo): MachineRecord['past'] => ({
  restarts,
  restartedAt: [...restartedAt],
  createdAt,
  ...(startedAt === undefined ? {} : { startedAt }),
  ...(endedAt === undefined ? {} : { endedAt }),
  ...(end === undefined ? {} : { end }),
  changes,
});

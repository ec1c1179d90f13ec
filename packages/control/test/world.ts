import {
  type CellKind,
  type CellLink,
  type CellOrder,
  createHost,
  type Foundling,
  type Host,
  portChannel,
} from '@vivarium/host';
import {
  type AuditLog,
  type Control,
  type ControlOptions,
  createControl,
  type MachineRecord,
  type MachineStore,
  memoryAudit,
  pastOf,
} from '@vivarium/control';

interface Message {
  readonly kind: string;
  readonly id?: number;
  readonly [field: string]: unknown;
}

const STATS = { instructions: 0, slices: 0, idleMilliseconds: 0, wallMilliseconds: 0 };
type Hardware = { vcpus: number; memory: number; slots: number; devices: { name: string; slot: string }[] };

/** What is there after a change, as cells say it. */
const changed = (hardware: Hardware, change: Readonly<Record<string, unknown>>): Hardware => {
  const others = hardware.devices.filter(({ name }) => name !== change['name']);
  switch (change['do']) {
    case 'vcpus':
      return { ...hardware, vcpus: Number(change['count']) };
    case 'memory':
      return { ...hardware, memory: Number(change['bytes']) };
    case 'attach':
      return {
        ...hardware,
        devices: [...others, { name: (change['device'] as { name: string }).name, slot: 'slot0' }],
      };
    default:
      return { ...hardware, devices: others };
  }
};

const FACTS = {
  architecture: 'test',
  vcpus: 1,
  memory: 1 << 20,
  consoles: ['console0'],
  canPowerOff: true,
  hardware: { vcpus: 1, memory: 1 << 20, slots: 1, devices: [] } as Hardware,
};
/** Console of a guest's requests, on machines of the template `ported`. */
export const PORT = 'port0';
const PROTOCOL = 2;

/** The inside of a cell that has no machine, and says what one would. */
class FakeCell {
  readonly order: CellOrder;
  /** What came on the port, which is not echoed. */
  heard = '';
  /** Whether the guest does its part of changes. */
  follows = true;
  /** Whether the guest reads what comes there. */
  reads = true;
  /** Bytes of output that the host has taken care of. */
  taken = 0;
  #facts = FACTS;
  #state: 'empty' | 'created' | 'running' | 'paused' = 'empty';
  #port: MessagePort | undefined;

  constructor(order: CellOrder) {
    this.order = order;
  }

  get state(): string {
    return this.#state;
  }

  connect(port: MessagePort): void {
    this.#port = port;
    port.onmessage = ({ data }: MessageEvent<Message>) => this.#heard(data);
    port.postMessage({
      kind: 'hello',
      protocol: PROTOCOL,
      state: this.#state,
      ...(this.#state === 'empty' ? {} : { facts: this.#facts }),
    });
  }

  say(console: string, text: string): void {
    this.#port?.postMessage({ kind: 'output', console, bytes: new TextEncoder().encode(text), lost: 0 });
  }

  end(end: unknown): void {
    this.#port?.postMessage({ kind: 'ended', end, stats: STATS });
  }

  #heard(message: Message): void {
    const { kind, id, console, bytes } = message;
    const answer = { kind: 'answer', id };
    if (kind === 'create') {
      this.#state = 'created';
      const { options } = message['recipe'] as { readonly options?: { readonly port?: boolean } };
      if (options?.port === true) this.#facts = { ...FACTS, consoles: ['console0', PORT] };
      this.#port?.postMessage({ ...answer, facts: this.#facts });
    } else if (kind === 'change' && this.follows) {
      const change = message['change'] as Readonly<Record<string, unknown>>;
      this.#facts = { ...this.#facts, hardware: changed(this.#facts.hardware, change) };
      this.#port?.postMessage({ ...answer, facts: this.#facts });
    } else if (kind === 'change') {
      const error = { code: 'VIV_CELL_GUEST', message: 'the guest does nothing' };
      this.#port?.postMessage({ ...answer, error });
    } else if (kind === 'run' || kind === 'resume') this.#become('running', answer);
    else if (kind === 'pause') this.#become('paused', answer);
    else if (kind === 'stats') this.#port?.postMessage({ ...answer, stats: STATS });
    else if (kind === 'stop' || kind === 'power-off') {
      this.#port?.postMessage(answer);
      this.end({ kind: kind === 'stop' ? 'stopped' : 'power-off' });
    } else if (kind === 'taken') this.taken += Number(message['count']);
    else if (kind === 'input' && console === PORT) {
      this.heard += new TextDecoder().decode(bytes as Uint8Array);
      if (this.reads) this.#port?.postMessage({ kind: 'taken', console, count: (bytes as Uint8Array).length });
    } else if (kind === 'input') {
      const text = new TextDecoder().decode(bytes as Uint8Array);
      this.#port?.postMessage({ kind: 'taken', console, count: (bytes as Uint8Array).length });
      this.say(String(console), text.toUpperCase());
    } else if (id !== undefined) this.#port?.postMessage(answer);
  }

  #become(state: 'running' | 'paused', answer: object): void {
    this.#state = state;
    this.#port?.postMessage(answer);
  }
}

const never = new Promise<never>(() => {});

/** What outlives processes: the records on a disk, and the cells. */
export class World {
  readonly records = new Map<string, MachineRecord>();
  readonly cells = new Set<FakeCell>();

  cell(name: string): FakeCell {
    const cell = [...this.cells].find(({ order }) => order.name === name);
    if (cell === undefined) throw new Error(`no cell of ${name}`);
    return cell;
  }
}

/** A process with a control plane, which can be killed at any of its steps: nothing of it goes on then. */
export class Incarnation {
  readonly world: World;
  readonly control: Control;
  readonly host: Host;
  readonly audit: AuditLog = memoryAudit();
  readonly troubles: unknown[] = [];
  /** Resolves when it was killed. */
  readonly killed: Promise<void>;
  steps = 0;
  readonly #last: number;
  readonly #ports = new Set<MessagePort>();
  #kill = (): void => {};
  #dead = false;

  /** Is killed at its step of this number. */
  constructor(world: World, last = Number.POSITIVE_INFINITY, options: Partial<ControlOptions> = {}) {
    this.world = world;
    this.#last = last;
    this.killed = new Promise((resolve) => {
      this.#kill = resolve;
    });
    const records = new Map<string, MachineRecord>();
    this.host = createHost({
      kinds: [this.#kind()],
      past: (name) => {
        const record = records.get(name);
        return record === undefined ? undefined : pastOf(record);
      },
    });
    this.control = createControl({
      host: this.host,
      templates: {
        plain: (given) => ({ recipe: { module: 'test:none', options: given } }),
        ported: () => ({
          recipe: { module: 'test:none', options: { port: true } },
          port: PORT,
          exec: { control: 'console0', output: 'console0', errors: 'console0' },
        }),
      },
      cell: 'fake',
      store: this.#store(),
      records,
      audit: this.audit,
      onTrouble: (_, error) => this.troubles.push(error),
      ...options,
    });
  }

  /** Something that the operating system does at once, or not at all. */
  async #step<T>(act: () => T): Promise<T> {
    if (this.#dead) return never;
    const before = ++this.steps;
    if (before === this.#last) return this.#die();
    const result = act();
    const after = ++this.steps;
    if (after === this.#last) return this.#die();
    return result;
  }

  #die(): Promise<never> {
    this.#dead = true;
    for (const port of this.#ports) port.close();
    this.#kill();
    return never;
  }

  #store(): MachineStore {
    const { records } = this.world;
    return {
      load: async () => structuredClone([...records.values()]),
      save: (record) => this.#step(() => void records.set(record.name, structuredClone(record))),
      remove: (name) => this.#step(() => void records.delete(name)),
    };
  }

  #kind(): CellKind {
    return {
      name: 'fake',
      outlives: true,
      launch: (order) =>
        this.#step(() => {
          const cell = new FakeCell(order);
          this.world.cells.add(cell);
          return this.#link(cell);
        }),
      adopt: async () => {
        const found: Foundling[] = [];
        for (const cell of this.world.cells) {
          // One that was never used leaves by itself.
          if (cell.state === 'empty') this.world.cells.delete(cell);
          else found.push({ name: cell.order.name, keepsake: cell.order.keepsake, link: this.#link(cell) });
        }
        return found;
      },
    };
  }

  #link(cell: FakeCell): CellLink {
    const { port1, port2 } = new MessageChannel();
    cell.connect(port2);
    this.#ports.add(port1);
    let died = (): void => {};
    return {
      channel: portChannel(port1),
      died: new Promise((resolve) => {
        died = () => resolve(undefined);
      }),
      kill: async () => {
        await this.#step(() => this.world.cells.delete(cell));
        died();
      },
      clean: () =>
        this.#step(() => {
          port1.close();
          this.world.cells.delete(cell);
        }),
    };
  }
}

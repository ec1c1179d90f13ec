import { isVivariumError } from '@vivarium/contracts';
import type { Dispatcher, Host, MemoryControl, ResourceControl } from '@vivarium/host';
import { type AuditLog, Auditor, memoryAudit } from './audit.ts';
import { answers, type CallContext } from './calls.ts';
import { Entitlements } from './entitlements.ts';
import { errors } from './errors.ts';
import { EventHistory } from './event-history.ts';
import { Fleet } from './fleet.ts';
import { GuestChannels } from './guest-channels.ts';
import { type MachineRecord, type MachineStore, memoryStore } from './machine-record.ts';
import type { Operation } from './operation.ts';
import { type CallName, type InputOf, operationNamed, type OutputOf, type StreamName } from './operations.ts';
import { allows, type Principal } from './roles.ts';
import type { OpenStream, StreamPeer } from './stream-ends.ts';
import { openers, type StreamContext } from './streams.ts';
import type { Template } from './template.ts';
import { Turns } from './turns.ts';

export interface ControlOptions {
  readonly host: Host;
  /** What machines can be made of, by name. */
  readonly templates: Readonly<Record<string, Template>>;
  /** Kind of cell where whoever creates a machine names none: one of the host's. */
  readonly cell: string;
  /** Other kinds of cells that may be asked for. Default: that one alone. */
  readonly cells?: readonly string[];
  /** pCPUs for machines. Default: none, machines run whenever they can. */
  readonly dispatcher?: Dispatcher;
  /** Admission, and weights and caps by a policy; whoever owns it calls its `update`. Default: weights and caps as they are. */
  readonly resources?: ResourceControl;
  /** Takes pages of machines with `overcommit`, and says so in `usage`; whoever owns it calls its `update`. */
  readonly memory?: Pick<MemoryControl, 'reports' | 'held' | 'state'>;
  /** What is kept of machines. Default: in memory. */
  readonly store?: MachineStore;
  /** Records as this control plane has them: share the map with {@link recordsFor} when the host is to know the past. */
  readonly records?: Map<string, MachineRecord>;
  /** Default: in memory. */
  readonly audit?: AuditLog;
  /** Milliseconds since 1970. Default: `Date.now`. */
  readonly now?: () => number;
  /** Of whatever offers this control plane. */
  readonly version?: string;
  /** Told of what went wrong where nobody waits for an answer. */
  readonly onTrouble?: (machine: string, error: unknown) => void;
}

/** What may be done with a host, by anyone who has the role for it. */
export interface Control {
  /** Takes over what the control plane before this one has left. Call it once, before all else. */
  recover(): Promise<void>;
  /** Does a call of the table of operations. The input is checked as one from anywhere; rejects with coded errors. */
  call<Name extends CallName>(principal: Principal, name: Name, input: InputOf<Name>): Promise<OutputOf<Name>>;
  /** The same for transports, which have a name and an input from strangers. */
  call(principal: Principal, name: string, input: unknown): Promise<unknown>;
  /** Opens a stream of the table of operations. Throws coded errors. */
  open<Name extends StreamName>(
    principal: Principal,
    name: Name,
    input: InputOf<Name>,
    peer: StreamPeer<Name>,
  ): OpenStream<Name>;
  open(principal: Principal, name: string, input: unknown, peer: StreamPeer): OpenStream;
  /** Writes to the audit log what a transport refuses itself: tokens that nobody has, messages that are none. */
  refused(principal: Principal, what: string, code: string): void;
  /** Leaves machines that can outlive this process to the next, and ends the others. */
  leave(): Promise<void>;
}

/** Calls and streams at a time, for everybody. */
const MOST_CALLS = 256;
const MOST_STREAMS = 512;

/** What no guest may ask for itself: nobody would hear the answer, or ever let it go on. */
const NOT_FOR_ONESELF: readonly string[] = ['destroy', 'stop', 'kill', 'pause', 'reset'];
/** Who does these in a guest can do there what the guest can. */
const AS_THE_GUEST: readonly string[] = ['attach', 'exec'];

class HostControl implements Control {
  readonly #auditor: Auditor;
  readonly #fleet: Fleet;
  readonly #calls: CallContext;
  readonly #streams: StreamContext;
  #busy = 0;
  #open = 0;

  constructor(options: ControlOptions) {
    const { host, templates, dispatcher, resources, cell, cells = [cell], version = '' } = options;
    const now = options.now ?? (() => Date.now());
    const entitlements = new Entitlements(dispatcher, resources);
    const guests = new GuestChannels(this);
    this.#auditor = new Auditor(options.audit ?? memoryAudit(), now);
    this.#fleet = new Fleet({
      host,
      store: options.store ?? memoryStore(),
      entitlements,
      schedules: dispatcher !== undefined,
      templates,
      cell,
      cells,
      records: options.records ?? new Map<string, MachineRecord>(),
      now,
      present: (machine, record) => guests.listen(machine, record),
      trouble: options.onTrouble ?? (() => {}),
    });
    const memory = resources?.capacity.memory ?? 0;
    this.#calls = {
      host,
      fleet: this.#fleet,
      entitlements,
      dispatcher,
      memory: options.memory,
      audit: this.#auditor.log,
      facts: { version, startedAt: now(), memory, cells, templates: Object.keys(templates) },
    };
    const history = new EventHistory();
    host.on((event) => history.add(event));
    this.#streams = { host, fleet: this.#fleet, history, commands: new Turns(), waiting: new Map() };
  }

  recover(): Promise<void> {
    return this.#fleet.recover();
  }

  async call(principal: Principal, name: string, input: unknown): Promise<never> {
    const { parsed, done, failed } = this.#enter(principal, name, 'call', input);
    if (this.#busy >= MOST_CALLS) throw failed(errors.make('VIV_CONTROL_BUSY', `${this.#busy} calls are in progress`));
    this.#busy++;
    try {
      const answer: unknown = await answers[name as CallName](this.#calls, parsed as never);
      done();
      return answer as never;
    } catch (error) {
      throw failed(error);
    } finally {
      this.#busy--;
    }
  }

  open(principal: Principal, name: string, input: unknown, peer: StreamPeer): OpenStream {
    const { operation, parsed, done, failed } = this.#enter(principal, name, 'stream', input);
    if (this.#open >= MOST_STREAMS) throw failed(errors.make('VIV_CONTROL_BUSY', `${this.#open} streams are open`));
    let over = false;
    const finish = (): boolean => {
      if (over) return false;
      over = true;
      this.#open--;
      return true;
    };
    this.#open++;
    let opened: OpenStream;
    try {
      opened = openers[name as StreamName](this.#streams, parsed as never, {
        bytes: (channel: number, bytes: Uint8Array) => over || peer.bytes(channel, bytes),
        note: (note: never) => over || peer.note(note),
        writable: () => peer.writable?.(),
        end: (error?: unknown) => {
          if (finish()) peer.end(error);
        },
      });
    } catch (error) {
      finish();
      throw failed(error);
    }
    done();
    const hears = (operation as Extract<Operation, { readonly kind: 'stream' }>).hears;
    return {
      bytes: (channel, bytes) => (over ? bytes.length : opened.bytes(channel, bytes)),
      note: (note) => {
        const { data, error } = hears.safeParse(note);
        if (error !== undefined) throw errors.make('VIV_CONTROL_INPUT', `${name}: the note is none that it hears`);
        if (!over) opened.note(data as never);
      },
      resume: () => {
        if (!over) opened.resume();
      },
      close: () => {
        finish();
        opened.close();
      },
    };
  }

  refused(principal: Principal, what: string, code: string): void {
    this.#auditor.write({ principal, operation: what, target: '', input: undefined, outcome: 'refused', code });
  }

  leave(): Promise<void> {
    return this.#fleet.leave();
  }

  /** Whether this may be asked, and what exactly is. */
  #enter(principal: Principal, name: string, kind: Operation['kind'], input: unknown) {
    const operation = operationNamed(name);
    const target = targetOf(input);
    const write = (outcome: 'done' | 'refused' | 'failed', code?: string): void =>
      this.#auditor.write({ principal, operation: name, target, input, outcome, code });
    const refuse = (code: Parameters<typeof errors.make>[0], message: string): Error => {
      write('refused', code);
      return errors.make(code, message);
    };
    if (operation === undefined || operation.kind !== kind) {
      throw refuse('VIV_CONTROL_UNKNOWN', `there is no ${kind} ${JSON.stringify(name.slice(0, 128))}`);
    }
    if (!allows(principal, operation.role)) {
      const has = principal.role ?? 'no role';
      throw refuse('VIV_CONTROL_FORBIDDEN', `${name} takes the role ${operation.role}, and this is ${has}`);
    }
    const grant = AS_THE_GUEST.includes(name) ? this.#fleet.management(target) : undefined;
    if (grant !== undefined && !allows(principal, grant)) {
      throw refuse('VIV_CONTROL_FORBIDDEN', `${name} takes the role ${grant}, which the guest of ${target} has itself`);
    }
    if (principal.machine === target && NOT_FOR_ONESELF.includes(name)) {
      throw refuse('VIV_CONTROL_SELF', `${name}: machine ${target} cannot ask that for itself`);
    }
    const { data, error } = operation.input.safeParse(input);
    if (data === undefined) {
      const [issue] = error.issues;
      const path = issue?.path.join('.') ?? '';
      throw refuse('VIV_CONTROL_INPUT', `${path === '' ? 'the input' : path}: ${issue?.message}`);
    }
    const changes = operation.effect === 'changes';
    return {
      operation,
      parsed: data,
      done: () => {
        if (changes) write('done');
      },
      failed: (error: unknown): unknown => {
        if (changes) write('failed', isVivariumError(error) ? error.code : 'VIV_CONTROL_INTERNAL');
        return error;
      },
    };
  }
}

const targetOf = (input: unknown): string => {
  const { name } = (typeof input === 'object' && input !== null ? input : {}) as { readonly name?: unknown };
  return typeof name === 'string' ? name : '';
};

/** Makes the control plane of a host. */
export const createControl = (options: ControlOptions): Control => new HostControl(options) as Control;

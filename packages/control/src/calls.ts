import type { Dispatcher, Host, HostedMachine, MemoryControl, MemoryReport } from '@vivarium/host';
import type * as z from 'zod';
import type { AuditLog } from './audit.ts';
import type { Entitlements } from './entitlements.ts';
import { type Fleet, scheduled } from './fleet.ts';
import type { MachineRecord } from './machine-record.ts';
import type { CallName, Operations, OutputOf } from './operations.ts';
import type { MachineView, UsageView } from './schemas.ts';

/** What calls are about. */
export interface CallContext {
  readonly host: Host;
  readonly fleet: Fleet;
  readonly entitlements: Entitlements;
  readonly dispatcher: Dispatcher | undefined;
  readonly memory: Pick<MemoryControl, 'reports' | 'held' | 'state'> | undefined;
  readonly audit: AuditLog;
  readonly facts: {
    readonly version: string;
    readonly startedAt: number;
    /** Bytes for guests. */
    readonly memory: number;
    readonly cells: readonly string[];
    readonly templates: readonly string[];
  };
}

type Answers = {
  readonly [Name in CallName]: (
    context: CallContext,
    input: z.output<Operations[Name]['input']>,
  ) => OutputOf<Name> | Promise<OutputOf<Name>>;
};

const DEFAULT_ENTRIES = 100;
const MILLISECOND = 1_000_000;

const viewOf = (
  { dispatcher }: CallContext,
  [machine, record]: readonly [HostedMachine, MachineRecord],
): MachineView => {
  const { status, cell, facts, pid, consoles, end, restarts, createdAt, startedAt, endedAt } = machine.info();
  const known = facts.architecture !== 'none';
  return {
    name: machine.name,
    status,
    desired: record.desired,
    cell,
    template: record.template,
    scheduled: scheduled(record, dispatcher !== undefined),
    weight: record.weight,
    cap: record.cap,
    restart: record.restart,
    vcpus: known ? facts.vcpus : record.vcpus,
    memory: known ? facts.memory : record.memory,
    hardware: facts.hardware,
    ...(pid === undefined ? {} : { pid }),
    consoles: consoles.map(({ name, viewers }) => ({ name, viewers })),
    ...(record.management === undefined ? {} : { management: record.management }),
    exec: record.exec !== undefined,
    ...(end === undefined ? {} : { end }),
    restarts,
    createdAt,
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(endedAt === undefined ? {} : { endedAt }),
  };
};

const pagesOf = ({ present, active, zero, shared, compressed, swapped, balloon }: MemoryReport) => ({
  present,
  active,
  zero,
  shared,
  compressed,
  swapped,
  balloon: balloon?.actual ?? 0,
});

const usageOf = ({ fleet, dispatcher, entitlements, memory, facts }: CallContext): UsageView => {
  const reports = memory?.reports;
  const machines = fleet.all.map(([machine, record]) => {
    const { status, stats, facts: own, restarts } = machine.info();
    const vcpus = entitlements.stats(machine.name);
    const sum = (of: 'run' | 'ready'): number => Math.round(vcpus.reduce((total, each) => total + each[of], 0));
    const report = reports?.get(machine.name);
    const awake = Math.max(0, stats.wallMilliseconds - stats.idleMilliseconds) * MILLISECOND;
    return {
      name: machine.name,
      status,
      weight: record.weight,
      cap: record.cap,
      vcpus: record.vcpus,
      // One that has ended has given its memory back.
      memory: status === 'ended' || status === 'waiting' ? 0 : own.memory,
      ...(report === undefined ? {} : { pages: pagesOf(report) }),
      run: scheduled(record, dispatcher !== undefined) ? sum('run') : Math.round(awake),
      ready: sum('ready'),
      wakeLatency: Math.round(Math.max(0, ...vcpus.map(({ wakeLatency }) => wakeLatency.p99))),
      instructions: stats.instructions,
      restarts,
    };
  });
  return {
    time: Math.round(performance.now() * MILLISECOND),
    pcpus: (dispatcher?.pcpus ?? []).map(({ pcpu, busy }) => ({ id: pcpu, busy: Math.round(busy) })),
    memory: {
      capacity: facts.memory,
      used: machines.reduce((sum, { memory: own }) => sum + own, 0),
      ...(memory === undefined ? {} : { held: memory.held, state: memory.state }),
    },
    machines,
  };
};

/** How long the guest has, if whoever asks says so. */
const timing = (timeout: number | undefined): { readonly timeout?: number } =>
  timeout === undefined ? {} : { timeout };

/** How each call is answered. */
export const answers: Answers = {
  status: ({ host, dispatcher, facts }) => ({
    version: facts.version,
    startedAt: facts.startedAt,
    machines: host.machines.length,
    pcpus: dispatcher?.pcpus.length ?? 0,
    memory: facts.memory,
    cells: [...facts.cells],
    templates: [...facts.templates],
  }),
  list: (context) => ({ machines: context.fleet.all.map((entry) => viewOf(context, entry)) }),
  inspect: (context, { name }) => viewOf(context, context.fleet.get(name)),
  create: async (context, order) => viewOf(context, await context.fleet.create(order)),
  destroy: async ({ fleet }, { name }) => {
    await fleet.destroy(name);
    return {};
  },
  start: async (context, { name }) => viewOf(context, await context.fleet.want(name, 'running', (it) => it.start())),
  stop: async (context, { name, grace }) =>
    viewOf(context, await context.fleet.want(name, 'stopped', (it) => it.powerOff(grace))),
  kill: async (context, { name }) =>
    viewOf(context, await context.fleet.want(name, 'stopped', (it) => it.kill(), 'at once')),
  pause: async (context, { name }) => viewOf(context, await context.fleet.want(name, 'paused', (it) => it.pause())),
  resume: async (context, { name }) => viewOf(context, await context.fleet.want(name, 'running', (it) => it.resume())),
  reset: async (context, { name }) => viewOf(context, await context.fleet.want(name, undefined, (it) => it.reset())),
  set: async (context, order) => viewOf(context, await context.fleet.set(order)),
  attachDevice: async (context, { name, device, options, timeout }) =>
    viewOf(
      context,
      await context.fleet.change(name, (it) => it.attachDevice({ name: device, options }, timing(timeout))),
    ),
  detachDevice: async (context, { name, device, force = false, timeout }) =>
    viewOf(
      context,
      await context.fleet.change(
        name,
        (it) => it.detachDevice(device, { force, ...timing(timeout) }),
        force ? 'at once' : 'in turn',
      ),
    ),
  logs: ({ fleet }, { name, console, scrollback }) => {
    const bytes = fleet.get(name)[0].console(console).scrollback();
    const from = scrollback === undefined ? 0 : Math.max(0, bytes.length - scrollback);
    return { text: new TextDecoder().decode(bytes.subarray(from)) };
  },
  usage: usageOf,
  audit: async ({ audit }, { most = DEFAULT_ENTRIES }) => ({ entries: [...(await audit.last(most))] }),
};

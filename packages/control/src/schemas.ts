import { machineDescription } from '@vivarium/host';
import * as z from 'zod';
import { ROLES } from './roles.ts';

/** What goes over the wire about machines. Fields that are not known are left out. */

const MOST_WEIGHT = 10_000;
const MOST_CAP = 102_400;

const whole = z.int().min(0);
const milliseconds = whole.meta({ description: 'Milliseconds since 1970' });

export const machineName = machineDescription.shape.name.meta({ description: 'Unique on its host' });
export const consoleName = z.string().min(1).max(128);

export const weight = z
  .int()
  .min(1)
  .max(MOST_WEIGHT)
  .meta({ description: 'Share of CPU against the weights of others; 256 unless given' });
export const cap = z
  .int()
  .min(1)
  .max(MOST_CAP)
  .nullable()
  .meta({ description: 'Most CPU for all vCPUs together, in percent of one pCPU; null: no cap' });
export const management = z
  .enum(ROLES)
  .meta({ description: 'What its guest may do with this host; without it, nothing, and its attempts are audited' });
export const restart = z.enum(['never', 'on-failure', 'always']);
export const salt = z
  .string()
  .min(1)
  .max(128)
  .meta({ description: 'Machines of the same have equal pages once; without it, a machine shares with nobody' });
export const desired = z
  .enum(['created', 'running', 'paused', 'stopped'])
  .meta({ description: 'What its owner asked for last' });

const coded = z.object({ code: z.string(), message: z.string(), hint: z.string().optional() });

/** How a run ended. */
export const machineEnd = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('power-off') }),
  z.object({ kind: z.literal('failure'), code: whole }),
  z.object({
    kind: z.literal('fault'),
    fault: z.object({
      code: z.string(),
      message: z.string(),
      vcpu: whole.optional(),
      pc: z.string().optional().meta({ description: 'Program counter, hexadecimal' }),
    }),
  }),
  z.object({ kind: z.literal('stopped') }),
  z.object({ kind: z.literal('crashed'), error: coded }),
]);

export const machineView = z.object({
  name: machineName,
  status: z.enum(['created', 'running', 'paused', 'waiting', 'ended', 'destroyed']),
  desired,
  cell: z.string(),
  template: z.string(),
  scheduled: z.boolean().meta({ description: 'It runs on pCPUs by weight and cap, and not whenever it can' }),
  weight: z.int(),
  cap,
  restart,
  vcpus: whole,
  memory: whole.meta({ description: 'Bytes of guest memory' }),
  hardware: z
    .object({
      vcpus: whole,
      memory: whole.meta({ description: 'Bytes' }),
      slots: whole.meta({ description: 'Hot-plug slots' }),
      devices: z.array(z.object({ name: z.string(), slot: z.string() })),
    })
    .meta({ description: 'What its guest has of that now; `set`, `attachDevice` and `detachDevice` change it' }),
  pid: whole.optional().meta({ description: 'Process of its cell' }),
  consoles: z.array(z.object({ name: z.string(), viewers: whole })),
  management: management.optional(),
  exec: z.boolean().meta({ description: 'Its guest runs commands' }),
  end: machineEnd.optional().meta({ description: 'How its last run ended' }),
  restarts: whole.meta({ description: 'Times it was started again by itself' }),
  createdAt: milliseconds,
  startedAt: milliseconds.optional(),
  endedAt: milliseconds.optional(),
});
export type MachineView = z.output<typeof machineView>;

const bytes = whole.meta({ description: 'Bytes' });

/** What there is of the memory of a machine whose pages may be taken. */
export const pagesView = z.object({
  present: bytes.meta({ description: 'Bytes with memory behind them' }),
  active: bytes.meta({ description: 'Of those, looked at lately' }),
  zero: bytes.meta({ description: 'Bytes of zeroes, which take no memory' }),
  shared: bytes,
  compressed: bytes,
  swapped: bytes,
  balloon: bytes,
});

export const usageView = z.object({
  time: whole.meta({ description: 'Nanoseconds of a clock that only goes forward' }),
  pcpus: z.array(z.object({ id: whole, busy: whole.meta({ description: 'Nanoseconds' }) })),
  memory: z
    .object({
      capacity: whole,
      used: whole,
      held: whole.optional().meta({ description: 'What machines of which pages are taken hold, where some may be' }),
      state: z.enum(['high', 'clear', 'soft', 'hard', 'low']).optional(),
    })
    .meta({ description: 'Bytes of guest memory' }),
  machines: z.array(
    z.object({
      name: machineName,
      status: machineView.shape.status,
      weight: z.int(),
      cap,
      vcpus: whole,
      memory: whole,
      pages: pagesView.optional().meta({ description: 'Of a machine whose pages may be taken' }),
      run: whole.meta({ description: 'Nanoseconds that its vCPUs ran in all' }),
      ready: whole.meta({ description: 'Nanoseconds that they wanted to run and did not' }),
      wakeLatency: whole.meta({ description: 'Nanoseconds from wake to run, 99 of 100 are shorter' }),
      instructions: z.number().min(0),
      restarts: whole,
    }),
  ),
});
export type UsageView = z.output<typeof usageView>;

export const eventView = z.object({
  sequence: z.int().min(1),
  time: milliseconds,
  machine: z.string(),
  name: z.string(),
  event: z.unknown(),
});
export type EventView = z.output<typeof eventView>;

export const auditEntry = z.object({
  time: z.string().meta({ description: 'ISO 8601' }),
  principal: z.string(),
  role: z.string(),
  via: z.string(),
  operation: z.string(),
  target: z.string(),
  /** Cut. */
  input: z.string(),
  outcome: z.enum(['done', 'refused', 'failed']),
  code: z.string().optional(),
  /** Refusals of this principal before this one that were too many to write. */
  unwritten: whole.optional(),
});
export type AuditEntry = z.output<typeof auditEntry>;

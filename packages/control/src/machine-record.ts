import { keptChanges, machineDescription, type MachinePast, type PlainEnd } from '@vivarium/host';
import * as z from 'zod';
import { cap, desired, machineEnd, machineName, management, restart, weight } from './schemas.ts';

const whole = z.int().min(0);

/** What is kept of a machine, so that the next control plane of the host knows it. */
export const machineRecord = z.object({
  version: z.literal(1),
  name: machineName,
  /**
   * Written before anything is done: what is found as `creating` or `destroying` was interrupted, and is destroyed by
   * whoever finds it.
   */
  phase: z.enum(['creating', 'present', 'destroying']),
  description: machineDescription,
  template: z.string(),
  desired,
  weight,
  cap,
  restart,
  /** Consoles of the agent that runs commands. */
  exec: z.object({ control: z.string(), output: z.string(), errors: z.string() }).optional(),
  /** Console by which its guest asks for operations, and the role that it has. */
  port: z.string().optional(),
  management: management.optional(),
  vcpus: whole,
  memory: whole,
  past: z.object({
    restarts: whole,
    restartedAt: z.array(whole).max(64),
    createdAt: whole,
    startedAt: whole.optional(),
    endedAt: whole.optional(),
    end: machineEnd.optional(),
    changes: keptChanges.optional(),
  }),
});
export type MachineRecord = z.output<typeof machineRecord>;
export type ExecConsoles = NonNullable<MachineRecord['exec']>;

/** Where records are kept. Each call does all of what it says, or nothing, also when the process is killed. */
export interface MachineStore {
  /** All of them; those that cannot be read are left out, and told to `unreadable`. */
  load(unreadable: (name: string, error: unknown) => void): Promise<readonly MachineRecord[]>;
  save(record: MachineRecord): Promise<void>;
  remove(name: string): Promise<void>;
}

/** Records in memory: nothing outlives the process. */
export const memoryStore = (): MachineStore => {
  const records = new Map<string, MachineRecord>();
  return {
    load: async () => [...records.values()],
    save: async (record) => void records.set(record.name, record),
    remove: async (name) => void records.delete(name),
  };
};

/** A record's past as its host takes it. */
export const pastOf = ({ past: { end, endedAt, startedAt, ...rest } }: MachineRecord): MachinePast => ({
  ...rest,
  ...(startedAt === undefined ? {} : { startedAt }),
  end: end as PlainEnd | undefined,
  endedAt,
});

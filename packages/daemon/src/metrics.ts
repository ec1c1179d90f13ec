import type { OperationName, OutputOf, UsageView } from '@vivarium/control';

/** What became of a request: done, refused for what it was, or failed. */
export type Outcome = 'done' | 'refused' | 'failed';

export const outcomeOf = (status: number): Outcome => (status < 400 ? 'done' : status < 500 ? 'refused' : 'failed');

/** Counts requests. Its size is bounded by the table of operations. */
export class RequestCounts {
  readonly #counts = new Map<string, { readonly operation: string; readonly outcome: Outcome; count: number }>();

  /** `operation`: none of the table for requests that mean none. */
  add(operation: OperationName | 'metrics' | 'openapi' | 'none', outcome: Outcome): void {
    const key = `${operation} ${outcome}`;
    const entry = this.#counts.get(key) ?? { operation, outcome, count: 0 };
    entry.count++;
    this.#counts.set(key, entry);
  }

  get all(): readonly { readonly operation: string; readonly outcome: Outcome; readonly count: number }[] {
    return [...this.#counts.values()];
  }
}

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number];

const SECOND = 1e9;
const STATUSES = ['created', 'running', 'paused', 'waiting', 'ended', 'destroyed'] as const;

const escaped = (text: string): string => text.replace(/[\\"\n]/g, (each) => (each === '\n' ? '\\n' : `\\${each}`));

const line = (name: string, [labels, value]: Sample): string => {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}\n`;
};

const family = (name: string, type: 'gauge' | 'counter', help: string, samples: readonly Sample[]): string =>
  `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${samples.map((sample) => line(name, sample)).join('')}`;

/** What the text is made of. */
export interface Measured {
  readonly status: OutputOf<'status'>;
  readonly usage: UsageView;
  readonly requests: RequestCounts;
  readonly connections: Readonly<Record<string, number>>;
}

/** The text exposition format of Prometheus, version 0.0.4. */
export const prometheus = ({ status, usage, requests, connections }: Measured): string => {
  const { machines, pcpus, memory } = usage;
  const each = (value: (machine: UsageView['machines'][number]) => number): readonly Sample[] =>
    machines.map((machine) => [{ machine: machine.name }, value(machine)]);
  return [
    family('vivarium_info', 'gauge', 'The daemon', [[{ version: status.version }, 1]]),
    family('vivarium_start_time_seconds', 'gauge', 'When the daemon was started', [[{}, status.startedAt / 1000]]),
    family(
      'vivarium_machines',
      'gauge',
      'Machines by status',
      STATUSES.map((name) => [{ status: name }, machines.filter((machine) => machine.status === name).length]),
    ),
    family(
      'vivarium_pcpu_busy_seconds_total',
      'counter',
      'Time that a pCPU was held by a vCPU',
      pcpus.map(({ id, busy }) => [{ pcpu: String(id) }, busy / SECOND]),
    ),
    family('vivarium_memory_capacity_bytes', 'gauge', 'Memory for guests', [[{}, memory.capacity]]),
    family('vivarium_memory_used_bytes', 'gauge', 'Memory of all guests', [[{}, memory.used]]),
    family(
      'vivarium_vcpu_run_seconds_total',
      'counter',
      'Time that vCPUs ran',
      each(({ run }) => run / SECOND),
    ),
    family(
      'vivarium_vcpu_wait_seconds_total',
      'counter',
      'Time that vCPUs wanted to run and did not',
      each(({ ready }) => ready / SECOND),
    ),
    family(
      'vivarium_vcpu_wake_latency_seconds',
      'gauge',
      'From wake to run; 99 of 100 are shorter',
      each(({ wakeLatency }) => wakeLatency / SECOND),
    ),
    family(
      'vivarium_machine_instructions_total',
      'counter',
      'Instructions that the guest ran',
      each(({ instructions }) => instructions),
    ),
    family(
      'vivarium_machine_memory_bytes',
      'gauge',
      'Memory of the guest',
      each((machine) => machine.memory),
    ),
    family(
      'vivarium_machine_weight',
      'gauge',
      'Share of CPU against the weights of others',
      each(({ weight }) => weight),
    ),
    family(
      'vivarium_machine_restarts_total',
      'counter',
      'Times that the machine was started again by itself',
      each(({ restarts }) => restarts),
    ),
    family(
      'vivarium_requests_total',
      'counter',
      'Requests by operation and what became of them',
      requests.all.map(({ operation, outcome, count }) => [{ operation, outcome }, count]),
    ),
    family(
      'vivarium_connections',
      'gauge',
      'Open connections',
      Object.entries(connections).map(([via, open]) => [{ via }, open]),
    ),
  ].join('');
};

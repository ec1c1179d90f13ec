import type { CellEnd, Dispatcher, Guest, HostedMachine } from '@vivarium/host';
import { OUTPUT } from './debian.ts';
import type { GuestPlan } from './guests.ts';

/** Most characters of a line that is kept. */
const LONGEST_LINE = 200;

/** Nanoseconds that a vCPU runs at once: long beside the way that grants take to another thread or process. */
const SLICE = 10_000_000;

/** A guest that runs, and what it has printed. */
export class Resident {
  readonly plan: GuestPlan;
  readonly machine: HostedMachine;
  readonly guest: Guest;
  readonly ended: Promise<CellEnd>;
  end: CellEnd | undefined;
  /** Characters of console output. */
  printed = 0;
  readonly #lines = new Set<string>();
  readonly #waiting = new Map<string, () => void>();

  constructor(plan: GuestPlan, machine: HostedMachine, dispatcher: Dispatcher) {
    const { lease } = machine;
    if (lease === undefined) throw new Error(`machine ${plan.name} has no lease`);
    this.plan = plan;
    this.machine = machine;
    this.guest = dispatcher.attach({ name: plan.name, lease, vcpus: [{ slice: SLICE }] });
    this.ended = machine.ended().then((end) => {
      this.end = end;
      return end;
    });
    const decoder = new TextDecoder();
    let line = '';
    machine.console(OUTPUT).attach({
      output: (bytes) => {
        this.printed += bytes.length;
        // A console that is flooded says nothing new.
        if (this.#lines.size > 100) return;
        const [first, ...rest] = decoder.decode(bytes, { stream: true }).split('\n');
        for (const next of [line + first, ...rest].slice(0, -1)) this.#print(next);
        line = (rest.at(-1) ?? line + first).slice(0, LONGEST_LINE);
      },
    });
  }

  /** Whether it has printed this line. */
  has(line: string): boolean {
    return this.#lines.has(line);
  }

  /** Resolves when it has printed this line. Rejects when it ends before. */
  async line(line: string): Promise<void> {
    if (this.#lines.has(line)) return;
    const printed = new Promise<'printed'>((resolve) => this.#waiting.set(line, () => resolve('printed')));
    const first = await Promise.race([printed, this.ended]);
    if (first !== 'printed') throw new Error(`${this.plan.name} ended (${first.kind}) before it printed "${line}"`);
  }

  #print(line: string): void {
    this.#lines.add(line);
    this.#waiting.get(line)?.();
  }
}

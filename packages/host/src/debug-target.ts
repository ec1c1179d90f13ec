import type {
  CoreDebug,
  DebugPoint,
  DebugResumption,
  DebugSession,
  DebugStop,
  DebugTarget,
  MachineMemory,
  Vcpu,
} from '@vivarium/contracts';

/** What a debugger's target asks of its cell. Requests are carried out when no guest code runs. */
export interface DebuggedCell {
  readonly name: string;
  readonly architecture: string;
  readonly vcpus: readonly Vcpu[];
  readonly core: CoreDebug;
  readonly memory: MachineMemory;
  /** Undefined before the run and once it is over. */
  readonly paused: boolean | undefined;
  pause(): void;
  resume(resumption: DebugResumption): void;
  /** Every vCPU goes on, if the machine is paused. */
  release(): void;
  reset(): Promise<void>;
  stop(): void;
}

/** The debugger's side of a cell: one session at a time, told of every stop. */
export class CellDebugTarget implements DebugTarget {
  readonly #cell: DebuggedCell;
  #session: CellDebugSession | undefined;
  #ended = false;

  constructor(cell: DebuggedCell) {
    this.#cell = cell;
  }

  get name(): string {
    return this.#cell.name;
  }

  get architecture(): string {
    return this.#cell.architecture;
  }

  get vcpus(): readonly Vcpu[] {
    return this.#cell.vcpus;
  }

  /** Whether somebody looks after the guest when it cannot go on. */
  get attached(): boolean {
    return this.#session !== undefined;
  }

  attach(stopped: (stop: DebugStop) => void): DebugSession | undefined {
    if (this.#session !== undefined || this.#ended) return undefined;
    this.#session = new CellDebugSession(this.#cell, stopped, () => {
      this.#session = undefined;
    });
    return this.#session;
  }

  /** Nothing runs any more, for this reason. */
  stopped(stop: DebugStop): void {
    this.#session?.stopped(stop);
  }

  /** The host let the machine go on. */
  resumed(): void {
    this.#session?.resumed();
  }

  /** The run is over. */
  end(code: number): void {
    this.#ended = true;
    this.#session?.end(code);
    this.#session = undefined;
  }
}

class CellDebugSession implements DebugSession {
  readonly #cell: DebuggedCell;
  readonly #told: (stop: DebugStop) => void;
  readonly #closed: () => void;
  #halted: boolean;
  #over = false;

  constructor(cell: DebuggedCell, told: (stop: DebugStop) => void, closed: () => void) {
    this.#cell = cell;
    this.#told = told;
    this.#closed = closed;
    this.#halted = cell.paused === true;
  }

  get halted(): boolean {
    return this.#halted;
  }

  get points(): readonly DebugPoint[] {
    return this.#cell.core.points;
  }

  halt(): void {
    if (!this.#over && !this.#halted) this.#cell.pause();
  }

  resume(resumption: DebugResumption): void {
    if (this.#over || !this.#halted) return;
    this.#halted = false;
    this.#cell.resume(resumption);
  }

  insert(point: DebugPoint): boolean {
    return !this.#over && this.#cell.core.insert(point);
  }

  remove(point: DebugPoint): boolean {
    return !this.#over && this.#cell.core.remove(point);
  }

  translate(vcpu: Vcpu, address: bigint): number | undefined {
    return this.#over ? undefined : this.#cell.core.translate(vcpu, address);
  }

  readPhysical(address: number, length: number): Uint8Array | undefined {
    return this.#over ? undefined : this.#cell.memory.read(address, length);
  }

  writePhysical(address: number, bytes: Uint8Array): boolean {
    return !this.#over && this.#cell.memory.write(address, bytes);
  }

  async reset(): Promise<void> {
    // One that fails ends the run, which says so.
    if (!this.#over) await this.#cell.reset().catch(() => {});
  }

  kill(): void {
    if (!this.#over) this.#cell.stop();
  }

  detach(): void {
    if (this.#over) return;
    this.#over = true;
    this.#cell.core.clear();
    this.#closed();
    this.#cell.release();
  }

  stopped(stop: DebugStop): void {
    this.#halted = true;
    this.#told(stop);
  }

  resumed(): void {
    this.#halted = false;
  }

  end(code: number): void {
    this.#over = true;
    this.#halted = true;
    this.#cell.core.clear();
    this.#told({ kind: 'ended', code });
  }
}

import type { DebugPoint, DebugSession, DebugStop, DebugTarget, Vcpu } from '@vivarium/contracts';

const RAM = 0x8000_0000;
const BYTES = 8192;
const NAMES = ['pc', 'priv', ...Array.from({ length: 32 }, (_, index) => `x${index}`), 'fcsr', 'mstatus', 'satp'];

const vcpu = (index: number): Vcpu => {
  const values = new Map(NAMES.map((name, number) => [name, BigInt(number)]));
  return {
    index,
    run: () => ({ kind: 'budget' }),
    yieldSoon: () => {},
    retired: 0,
    attemptedInSlice: 0,
    wakeup: false,
    nextDeadline: undefined,
    interruptInput: () => undefined,
    start: () => {},
    stop: () => {},
    running: index === 0,
    fence: () => {},
    registerNames: NAMES,
    readRegister: (name) => values.get(name),
    writeRegister: (name, value) => values.has(name) && values.set(name, value) === values,
    reset: () => {},
  };
};

const keyOf = (point: DebugPoint): string =>
  point.kind === 'breakpoint' ? `${point.address}` : `${point.address} ${point.length} ${point.access}`;

/** A machine of two vCPUs that stands still when it is told to, and minds what a debugger asks of it. */
export class DebuggedMachine implements DebugTarget {
  readonly name = 'fuzz';
  readonly architecture = 'riscv64';
  readonly vcpus = [vcpu(0), vcpu(1)];
  readonly points = new Map<string, DebugPoint>();
  attached = false;
  halted = true;
  readonly #ram = new Uint8Array(BYTES);
  #stopped: (stop: DebugStop) => void = () => {};

  attach(stopped: (stop: DebugStop) => void): DebugSession | undefined {
    if (this.attached) return undefined;
    this.attached = true;
    this.#stopped = stopped;
    const has = (address: number, length: number): boolean => address >= RAM && address + length <= RAM + BYTES;
    const halted = (): boolean => this.halted;
    const points = (): readonly DebugPoint[] => [...this.points.values()];
    return {
      get halted() {
        return halted();
      },
      get points() {
        return points();
      },
      halt: () => queueMicrotask(() => this.stop({ kind: 'halted', vcpu: 0 })),
      resume: ({ step }) => {
        this.halted = false;
        if (step.length > 0) queueMicrotask(() => this.stop({ kind: 'step', vcpu: step[0] ?? 0 }));
      },
      insert: (point) => this.points.size < 8 && this.points.set(keyOf(point), point) === this.points,
      remove: (point) => this.points.delete(keyOf(point)),
      translate: (_vcpu, address) => (address < 2n ** 40n ? Number(address) : undefined),
      readPhysical: (address, length) =>
        has(address, length) ? this.#ram.slice(address - RAM, address - RAM + length) : undefined,
      writePhysical: (address, bytes) => {
        if (!has(address, bytes.length)) return false;
        this.#ram.set(bytes, address - RAM);
        return true;
      },
      reset: () => Promise.resolve(),
      kill: () => queueMicrotask(() => this.stop({ kind: 'ended', code: 0 })),
      detach: () => {
        this.attached = false;
        this.points.clear();
        this.halted = false;
      },
    };
  }

  stop(stop: DebugStop): void {
    if (!this.attached) return;
    this.halted = true;
    this.#stopped(stop);
  }
}

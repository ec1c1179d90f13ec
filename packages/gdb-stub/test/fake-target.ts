import type { DebugPoint, DebugResumption, DebugSession, DebugStop, DebugTarget, Vcpu } from '@vivarium/contracts';

export const RAM = 0x8000_0000;
/** Where the fake's page tables put RAM. */
export const VIRTUAL = 0xffff_ffff_8000_0000n;
const RAM_BYTES = 3 * 4096;

const NAMES = [
  'pc',
  'priv',
  ...Array.from({ length: 32 }, (_, number) => `x${number}`),
  ...Array.from({ length: 32 }, (_, number) => `f${number}`),
  'fflags',
  'frm',
  'fcsr',
  'mstatus',
  'satp',
];

const fakeVcpu = (index: number): Vcpu & { readonly values: Map<string, bigint> } => {
  const values = new Map(NAMES.map((name, number) => [name, BigInt(number + index * 1000)]));
  values.set('x0', 0n);
  return {
    index,
    values,
    run: () => ({ kind: 'budget' }),
    yieldSoon: () => undefined,
    retired: 0,
    attemptedInSlice: 0,
    wakeup: false,
    nextDeadline: undefined,
    interruptInput: () => undefined,
    start: () => undefined,
    stop: () => undefined,
    running: index !== 2,
    fence: () => undefined,
    registerNames: NAMES,
    readRegister: (name) => values.get(name),
    writeRegister: (name, value) => {
      if (name === 'x0' || !values.has(name)) return false;
      values.set(name, value);
      return true;
    },
    reset: () => undefined,
  };
};

/** A machine that stops when it is told to, with RAM at two places: the second page of the virtual one is missing. */
export class FakeTarget implements DebugTarget {
  readonly name = 'fake';
  readonly architecture = 'riscv64';
  readonly vcpus: readonly ReturnType<typeof fakeVcpu>[];
  readonly ram = new Uint8Array(RAM_BYTES);
  /** What was asked of it. */
  readonly log: string[] = [];
  readonly resumptions: DebugResumption[] = [];
  points: DebugPoint[] = [];
  room = 2;
  halted: boolean;
  attached = false;
  /** Whether `halt` stops it at once, or when `stop` is called. */
  prompt = true;
  #stopped: (stop: DebugStop) => void = () => {};

  constructor(count = 1, halted = true) {
    this.vcpus = Array.from({ length: count }, (_, index) => fakeVcpu(index));
    this.halted = halted;
  }

  attach(stopped: (stop: DebugStop) => void): DebugSession | undefined {
    if (this.attached) return undefined;
    this.attached = true;
    this.#stopped = stopped;
    // oxlint-disable-next-line typescript/no-this-alias -- getters below have a `this` of their own
    const target = this;
    return {
      get halted() {
        return target.halted;
      },
      get points() {
        return target.points;
      },
      halt: () => {
        this.log.push('halt');
        if (this.prompt && !this.halted) queueMicrotask(() => this.stop({ kind: 'halted', vcpu: 0 }));
      },
      resume: (resumption) => {
        this.halted = false;
        this.resumptions.push(resumption);
        if (resumption.step.length > 0)
          queueMicrotask(() => this.stop({ kind: 'step', vcpu: resumption.step[0] ?? 0 }));
      },
      insert: (point) => {
        if (this.points.length === this.room) return false;
        this.points.push(point);
        return true;
      },
      remove: (point) => {
        const text = pointKey(point);
        const before = this.points.length;
        this.points = this.points.filter((other) => pointKey(other) !== text);
        return this.points.length < before;
      },
      translate: (_vcpu, address) => {
        const offset = address - VIRTUAL;
        const inside = offset >= 0n && offset < BigInt(RAM_BYTES) && offset >> 12n !== 1n;
        if (address >= 0x1000n && address < 0x2000n) return 0x1000_0000 + Number(address & 0xfffn);
        return inside ? RAM + Number(offset) : undefined;
      },
      readPhysical: (address, length) => {
        const offset = address - RAM;
        return offset >= 0 && offset + length <= RAM_BYTES ? this.ram.slice(offset, offset + length) : undefined;
      },
      writePhysical: (address, bytes) => {
        const offset = address - RAM;
        if (offset < 0 || offset + bytes.length > RAM_BYTES) return false;
        this.ram.set(bytes, offset);
        return true;
      },
      reset: async () => {
        this.log.push('reset');
        await Promise.resolve();
      },
      kill: () => {
        this.log.push('kill');
        queueMicrotask(() => this.stop({ kind: 'ended', code: 0 }));
      },
      detach: () => {
        this.log.push('detach');
        this.attached = false;
        this.points = [];
        this.halted = false;
      },
    };
  }

  stop(stop: DebugStop): void {
    this.halted = true;
    this.#stopped(stop);
  }
}

const pointKey = (point: DebugPoint): string =>
  point.kind === 'breakpoint' ? `b${point.address}` : `w${point.address},${point.length},${point.access}`;

import {
  type AnyPlugin,
  bind,
  type Clock,
  ClockToken,
  CONTRACTS_MAJOR,
  type Device,
  DeviceToken,
  type InterruptController,
  InterruptControllerToken,
  type InterruptLine,
  type MachineMemory,
  MachineMemoryToken,
  type MmioRegion,
  type Part,
  type PluginDefinition,
  type Timer,
} from '@vivarium/contracts';

let serial = 0;

/** A plugin that does nothing, but for what the test says; each has a name of its own. */
export const plugin = (fields: Partial<PluginDefinition<never>> = {}): AnyPlugin => ({
  name: `specimen-${++serial}`,
  version: '1.0.0',
  api: CONTRACTS_MAJOR,
  setup: () => ({}),
  ...fields,
});

/** A region that remembers its last write. */
export const region = (fields: Partial<MmioRegion> = {}): MmioRegion => {
  let value = 0;
  return {
    name: 'registers',
    length: 0x100,
    read: (_offset, width) => (width === 4 ? value : value & (2 ** (8 * width) - 1)),
    write: (_offset, _width, next) => {
      value = next;
    },
    ...fields,
  };
};

export const device = (...regions: readonly MmioRegion[]): Device => ({ regions, reset: () => {} });

/** A plugin of one device. */
export const devicePlugin = (subject: Device, part: Part = {}, fields: Partial<PluginDefinition<never>> = {}) =>
  plugin({
    provides: [DeviceToken],
    setup: () => ({ ...part, provides: [bind(DeviceToken, subject)] }),
    ...fields,
  });

export interface SpecimenClock extends Clock {
  readonly calls: string[];
  readonly armed: Map<Timer, number>;
  expire(): void;
}

export const clock = (): SpecimenClock => {
  const calls: string[] = [];
  const armed = new Map<Timer, number>();
  const callbacks = new Map<Timer, () => void>();
  return {
    kind: 'virtual',
    calls,
    armed,
    epoch: 0n,
    nextDeadline: undefined,
    now: () => 0,
    fire: () => 0,
    pause: () => void calls.push('pause'),
    resume: () => void calls.push('resume'),
    reset: () => void calls.push('reset'),
    timer: (expired) => {
      const timer: Timer = {
        arm: (deadline) => void armed.set(timer, deadline),
        cancel: () => void armed.delete(timer),
        get deadline() {
          return armed.get(timer);
        },
      };
      callbacks.set(timer, expired);
      return timer;
    },
    expire: () => {
      for (const callback of callbacks.values()) callback();
    },
  };
};

export const clockPlugin = (subject: Clock) =>
  plugin({ provides: [ClockToken], setup: () => ({ provides: [bind(ClockToken, subject)] }) });

export const memory = (base = 0x8000_0000, length = 0x1000): MachineMemory & { readonly bytes: Uint8Array } => {
  const bytes = new Uint8Array(length);
  const view = (address: number, count: number) =>
    address >= base && address + count <= base + length
      ? bytes.subarray(address - base, address - base + count)
      : undefined;
  return {
    bytes,
    banks: [{ base, length, offset: 0 }],
    size: length,
    linear: { buffer: bytes.buffer },
    view,
    writableView: view,
    read: (address, count) => view(address, count)?.slice(),
    write: (address, source) => {
      const target = view(address, source.length);
      target?.set(source);
      return target !== undefined;
    },
    carve: () => 0,
    onExternalWrite: () => () => {},
    clear: () => void bytes.fill(0),
  };
};

export const memoryPlugin = (subject: MachineMemory) =>
  plugin({ provides: [MachineMemoryToken], setup: () => ({ provides: [bind(MachineMemoryToken, subject)] }) });

export interface SpecimenController extends InterruptController {
  readonly levels: Map<number, boolean>;
}

export const controller = (sources = 8): SpecimenController => {
  const levels = new Map<number, boolean>();
  return {
    sources,
    levels,
    line: (number): InterruptLine | undefined =>
      number >= 1 && number <= sources ? { set: (level) => void levels.set(number, level) } : undefined,
  };
};

export const controllerPlugin = (subject: InterruptController) =>
  plugin({
    provides: [InterruptControllerToken],
    setup: () => ({ provides: [bind(InterruptControllerToken, subject)] }),
  });

/** A promise that never settles. */
export const never = (): Promise<never> => new Promise(() => {});

/** The coded error a promise rejects with, as plain facts. */
export const rejection = async (
  promise: Promise<unknown>,
): Promise<Error & { code: string; details: object; hint?: string }> => {
  try {
    await promise;
  } catch (error) {
    return error as Error & { code: string; details: object };
  }
  throw new Error('expected a rejection');
};

import {
  bind,
  type CpuCore,
  CpuCoreToken,
  type Device,
  type PowerRequest,
  PowerControlToken,
  type SystemBus,
  SystemBusToken,
  type Vcpu,
} from '@vivarium/contracts';
import { fakeMemory, type PartUnderTest, setupPart } from '@vivarium/testkit';
import { bareFirmware } from '../src/index.ts';

export const RAM = 0x8000_0000;
export const MIB = 1024 * 1024;
const UART = 0x1000_0000;

/** A hart of which only the start is watched. */
export interface StartedHart {
  readonly entry: bigint;
  readonly argument: bigint;
  readonly a0: bigint | undefined;
  readonly a2: bigint | undefined;
}

const fakeHart = (index: number, started: Map<number, StartedHart>): Vcpu => {
  const registers = new Map<string, bigint>();
  let running = false;
  let at = { entry: 0n, argument: 0n };
  const note = (): void => {
    started.set(index, { ...at, a0: registers.get('a0'), a2: registers.get('a2') });
  };
  return {
    index,
    run: () => ({ kind: 'budget' }),
    yieldSoon: () => {},
    retired: 0,
    attemptedInSlice: 0,
    wakeup: false,
    nextDeadline: undefined,
    interruptInput: () => undefined,
    start: (entry, argument) => {
      at = { entry, argument };
      registers.clear();
      running = true;
      note();
    },
    stop: () => {
      running = false;
    },
    get running() {
      return running;
    },
    fence: () => {},
    registerNames: [],
    readRegister: (name) => registers.get(name),
    writeRegister: (name, value) => {
      registers.set(name, value);
      note();
      return true;
    },
    reset: () => {},
  };
};

export interface BareMachine {
  readonly under: PartUnderTest;
  readonly started: ReadonlyMap<number, StartedHart>;
  readonly requests: readonly PowerRequest[];
  readonly output: () => string;
}

/** The firmware plugin, set up with two harts, 16 MiB of RAM and a UART that only takes characters. */
export const bareMachine = async (options: unknown): Promise<BareMachine> => {
  const started = new Map<number, StartedHart>();
  const requests: PowerRequest[] = [];
  let output = '';
  const core: CpuCore = {
    architecture: 'riscv64',
    vcpus: [fakeHart(0, started), fakeHart(1, started)],
    deviceTree: { name: 'cpus', properties: {} },
    onEnvironmentCall: () => {},
    invalidateCode: () => {},
  };
  const region = { name: 'registers', length: 0x100, read: () => 0, write: () => {} };
  const device: Device = {
    regions: [region],
    reset: () => {},
    deviceTree: { name: 'serial', properties: { compatible: 'ns16550a' } },
  };
  const bus: SystemBus = {
    placements: [{ part: 'uart0', device, region, base: UART }],
    interrupts: [],
    read: () => 0,
    write: (address, _width, value) => {
      output += address === UART ? String.fromCharCode(value) : '';
      return true;
    },
    read64: () => undefined,
    write64: () => false,
  };
  const under = await setupPart(bareFirmware, {
    options,
    memory: fakeMemory({ size: 16 * MIB }),
    provide: [
      bind(CpuCoreToken, core),
      bind(SystemBusToken, bus),
      bind(PowerControlToken, { request: (request) => void requests.push(request) }),
    ],
  });
  return { under, started, requests, output: () => output };
};

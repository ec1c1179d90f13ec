import type {
  BootImage,
  Clock,
  CpuCore,
  Device,
  EnvironmentCallOutcome,
  MachineMemory,
  PowerRequest,
  SystemBus,
  Vcpu,
} from '@vivarium/contracts';
import { type SbiOptions, sbiOptions } from '../src/index.ts';
import { SbiFirmware } from '../src/sbi-firmware.ts';
import { FakeHart } from './fake-hart.ts';

export const RAM = 0x8000_0000;
export const MIB = 1024 * 1024;
const UART = 0x1000_0000;

/** A Linux `Image` of zeros. */
export const kernelImage = (length = 8192): BootImage => {
  const bytes = new Uint8Array(length).fill(0x13, 64);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(8, 0x20_0000n, true);
  view.setBigUint64(16, BigInt(length + 4096), true);
  view.setUint32(56, 0x05435352, true);
  return { name: 'vmlinux', bytes };
};

const fakeMemory = (length: number): MachineMemory & { readonly bytes: Uint8Array } => {
  const bytes = new Uint8Array(length);
  const view = (address: number, count: number): Uint8Array | undefined =>
    count >= 0 && address >= RAM && address + count <= RAM + length
      ? bytes.subarray(address - RAM, address - RAM + count)
      : undefined;
  return {
    bytes,
    banks: [{ base: RAM, length, offset: 0 }],
    size: length,
    linear: { buffer: bytes.buffer },
    view,
    writableView: view,
    read: (address, count) => view(address, count)?.slice(),
    write: (address, source) => {
      const room = view(address, source.length);
      room?.set(source);
      return room !== undefined;
    },
    carve: () => 0,
    onExternalWrite: () => () => {},
    clear: () => {
      bytes.fill(0);
    },
  };
};

/** A UART that takes `room` characters and has `input` waiting. */
export class FakeUart {
  output = '';
  room = Number.POSITIVE_INFINITY;
  input: number[] = [];

  readonly device: Device = {
    regions: [
      {
        name: 'registers',
        length: 0x100,
        read: (offset) => {
          if (offset === 5) {
            return (this.room > 0 ? 0x60 : 0) | (this.input.length > 0 ? 1 : 0);
          }
          return offset === 0 ? (this.input.shift() ?? 0) : 0;
        },
        write: (offset, _width, value) => {
          if (offset === 0) {
            this.output += String.fromCharCode(value);
            this.room -= 1;
          }
        },
      },
    ],
    reset: () => {},
    deviceTree: { name: 'serial', properties: { compatible: 'ns16550a' } },
  };
}

const fakeBus = (uart: FakeUart | undefined): SystemBus => {
  const placements =
    uart === undefined
      ? []
      : uart.device.regions.map((region) => ({ part: 'uart0', device: uart.device, region, base: UART }));
  const region = uart?.device.regions[0];
  return {
    placements,
    interrupts: [],
    read: (address, width) => region?.read(address - UART, width) ?? -1,
    write: (address, width, value) => {
      region?.write(address - UART, width, value);
      return region !== undefined;
    },
    read64: () => undefined,
    write64: () => false,
  };
};

const clock = (kind: Clock['kind']): Clock => ({
  kind,
  now: () => 0,
  epoch: 0n,
  timer: () => ({ arm: () => {}, cancel: () => {}, deadline: undefined }),
  nextDeadline: undefined,
  fire: () => 0,
  pause: () => {},
  resume: () => {},
  reset: () => {},
});

export interface FakeMachineSettings {
  readonly harts?: number;
  readonly memory?: number;
  readonly uart?: FakeUart | undefined;
  readonly clock?: Clock['kind'];
  readonly options?: Partial<SbiOptions>;
}

/** SBI firmware on a machine that executes nothing. */
export class FakeMachine {
  readonly harts: readonly FakeHart[];
  readonly memory: MachineMemory & { readonly bytes: Uint8Array };
  readonly requests: PowerRequest[] = [];
  readonly firmware: SbiFirmware;
  handler: ((vcpu: Vcpu) => EnvironmentCallOutcome) | undefined;

  constructor(settings: FakeMachineSettings = {}) {
    this.harts = Array.from({ length: settings.harts ?? 3 }, (_, index) => new FakeHart(index));
    this.memory = fakeMemory(settings.memory ?? 16 * MIB);
    const core: CpuCore = {
      architecture: 'riscv64',
      vcpus: this.harts,
      deviceTree: { name: 'cpus', properties: {} },
      onEnvironmentCall: (handler) => {
        this.handler = handler;
      },
      invalidateCode: () => {},
    };
    const kernel = settings.options?.kernel ?? kernelImage();
    const options = sbiOptions.parse({ ...settings.options, kernel });
    this.firmware = new SbiFirmware({
      core,
      memory: this.memory,
      bus: fakeBus('uart' in settings ? settings.uart : new FakeUart()),
      power: { request: (request) => this.requests.push(request) },
      clock: clock(settings.clock ?? 'virtual'),
      kernel: {
        kind: 'linux-image',
        name: kernel.name,
        bytes: kernel.bytes,
        textOffset: 2 * MIB,
        memoryLength: kernel.bytes.length + 4096,
      },
      options,
    });
  }

  /** Wires and resets it, as a kernel does before the first start. */
  boot(): this {
    this.firmware.wire();
    this.firmware.reset();
    return this;
  }

  hart(index: number): FakeHart {
    const hart = this.harts[index];
    if (hart === undefined) {
      throw new Error(`no hart ${index}`);
    }
    return hart;
  }

  /** Makes an environment call on a hart: `a0` and `a1` afterwards, signed. */
  call(
    extension: number | bigint,
    functionId: number | bigint,
    args: readonly (number | bigint)[] = [],
    index = 0,
  ): readonly [bigint, bigint] {
    const hart = this.hart(index);
    for (let position = 0; position < 6; position += 1) {
      hart.writeRegister(`a${position}`, BigInt(args[position] ?? 0));
    }
    hart.writeRegister('a6', BigInt(functionId));
    hart.writeRegister('a7', BigInt(extension));
    if (this.handler?.(hart) !== 'handled') {
      throw new Error('the call was not handled');
    }
    return [BigInt.asIntN(64, hart.readRegister('a0') ?? 0n), BigInt.asIntN(64, hart.readRegister('a1') ?? 0n)];
  }
}

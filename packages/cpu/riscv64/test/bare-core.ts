import {
  bind,
  type CpuCore,
  CpuCoreToken,
  type MachineMemory,
  type SystemBus,
  SystemBusToken,
  type Vcpu,
} from '@vivarium/contracts';
import { assemble, RiscvMmuToken } from '@vivarium/isa-riscv';
import { type FakeClock, setupPart } from '@vivarium/testkit';
import { riscv64Core } from '../src/index.ts';
import { flatMmu } from './flat-mmu.ts';

export const RAM_BASE = 0x8000_0000;
const RAM_BYTES = 1024 * 1024;
const PRIVATE_BYTES = 64 * 1024 * 1024;
const PAGE = 65_536;

/** Assembly that goes from M-mode to `label` in S-mode; it uses t0. */
export const toSupervisor = (label: string): string => `la t0, ${label}
  csrw mepc, t0
  li t0, 0x1800
  csrc mstatus, t0
  li t0, 0x800
  csrs mstatus, t0
  mret`;

/** RAM in a real WebAssembly memory, which the core's modules import. */
const wasmMemory = (): MachineMemory => {
  const linear = new WebAssembly.Memory({
    initial: (RAM_BYTES + PRIVATE_BYTES) / PAGE,
    maximum: (RAM_BYTES + PRIVATE_BYTES) / PAGE,
  });
  const listeners = new Set<(address: number, length: number) => void>();
  let carved = RAM_BYTES;
  const view = (address: number, length: number): Uint8Array | undefined => {
    const offset = address - RAM_BASE;
    return offset >= 0 && offset + length <= RAM_BYTES ? new Uint8Array(linear.buffer, offset, length) : undefined;
  };
  const writableView = (address: number, length: number): Uint8Array | undefined => {
    for (const listener of listeners) listener(address, length);
    return view(address, length);
  };
  return {
    linear,
    size: RAM_BYTES,
    banks: [{ base: RAM_BASE, length: RAM_BYTES, offset: 0 }],
    view,
    writableView,
    read: (address, length) => view(address, length)?.slice(),
    write: (address, bytes) => {
      const target = writableView(address, bytes.length);
      target?.set(bytes);
      return target !== undefined;
    },
    carve: (_, bytes, align) => {
      const start = Math.ceil(carved / align) * align;
      carved = start + bytes;
      if (carved > RAM_BYTES + PRIVATE_BYTES) throw new Error('the private area is too small');
      return start;
    },
    onExternalWrite: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    clear: () => writableView(RAM_BASE, RAM_BYTES)?.fill(0),
  };
};

export interface BareCore {
  readonly core: CpuCore;
  readonly vcpu: Vcpu;
  readonly memory: MachineMemory;
  readonly clock: FakeClock;
  readonly symbols: ReadonlyMap<string, bigint>;
  /** Low half of a register; enough for what tests count. */
  readonly read: (name: string) => number;
}

/** A core with one hart in M-mode at the start of a program. */
export const bareCore = async (
  source: string,
  bus: Partial<SystemBus> = {},
  options: Readonly<Record<string, unknown>> = {},
): Promise<BareCore> => {
  const memory = wasmMemory();
  const emptyBus: SystemBus = {
    placements: [],
    interrupts: [],
    read: () => -1,
    write: () => false,
    read64: () => undefined,
    write64: () => false,
  };
  const { get, part, clock } = await setupPart(riscv64Core, {
    memory,
    options: { codePages: 64, ...options },
    provide: [bind(RiscvMmuToken, flatMmu(memory)), bind(SystemBusToken, { ...emptyBus, ...bus })],
  });
  await part.reset?.();
  const core = get(CpuCoreToken);
  const [vcpu] = core.vcpus;
  const { bytes, symbols } = assemble(source, { base: BigInt(RAM_BASE) });
  memory.write(RAM_BASE, bytes);
  vcpu.start(BigInt(RAM_BASE), 0n);
  vcpu.writeRegister('priv', 3n);
  return { core, vcpu, memory, clock, symbols, read: (name) => Number(vcpu.readRegister(name) ?? -1n) };
};

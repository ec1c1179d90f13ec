/**
 * A RISC-V software core: RV64GC with the extensions of {@link ISA_EXTENSIONS}, M, S and U modes, PMP and Sv39–Sv57
 * through the MMU plugin. Frequent instructions run in a WebAssembly interpreter that is generated from the instruction
 * table, the rest in TypeScript.
 *
 * Specification: The RISC-V Instruction Set Manual, volumes I and II, version 20241101; The RISC-V Advanced Interrupt
 * Architecture 1.0, https://github.com/riscv/riscv-aia.
 *
 * @example
 * import { riscv64Core } from '@vivarium/cpu-riscv64';
 *
 * const part = { id: 'cpu', plugin: riscv64Core, options: { harts: 1, timebaseFrequency: 10_000_000 } };
 *
 * @module
 */
import {
  bind,
  ClockToken,
  CONTRACTS_MAJOR,
  CpuCoreToken,
  definePlugin,
  MachineMemoryToken,
  SystemBusToken,
} from '@vivarium/contracts';
import { RiscvMmuToken } from '@vivarium/isa-riscv';
import * as z from 'zod';
import { RiscvCore } from './core.ts';
import { ThreadedCore } from './threads/threaded-core.ts';

export const riscv64CoreOptions = z
  .strictObject({
    /** Harts of the machine. */
    harts: z.int().min(1).max(8).default(1),
    /** Ticks of the time CSR per second; must divide 10^9. */
    timebaseFrequency: z
      .int()
      .min(1)
      .max(1_000_000_000)
      .refine((frequency) => 1_000_000_000 % frequency === 0, 'must divide 1000000000')
      .default(10_000_000),
    /** Smaia and Ssaia: registers for interrupts that come as messages. */
    aia: z.boolean().default(false),
    /** Pages of guest code kept decoded; each takes 16 KiB of the private area, committed as used. */
    codePages: z.int().min(16).max(65_536).default(4096),
    /** Translate hot code to WebAssembly. Without it everything is interpreted. */
    translate: z.boolean().default(true),
    /** Jumps to an instruction, or rounds of a loop, after which it is translated. */
    hotJumps: z.int().min(1).max(1_000_000_000).default(20_000),
    /** The same while the cell gives a thread that translates. */
    backgroundHotJumps: z.int().min(1).max(1_000_000_000).default(2000),
    /** Bytes of translated code at which all of it is dropped. */
    translatedBytes: z.int().min(65_536).max(1_073_741_824).default(67_108_864),
    /** Count instructions in translated code, for `statistics()`; costs a little at each entry to it. */
    statistics: z.boolean().default(false),
    /**
     * Each hart on a thread of its own. The memory must be shared, the machine in a cell that starts threads. Each
     * hart then keeps half as many `codePages`, for itself, and as much `translatedBytes` as is allowed.
     */
    threads: z.boolean().default(false),
  })
  .prefault({});

export const riscv64Core = definePlugin<z.infer<typeof riscv64CoreOptions>>({
  name: '@vivarium/cpu-riscv64',
  version: '0.1.0',
  api: CONTRACTS_MAJOR,
  summary: 'RV64GC software core',
  provides: [CpuCoreToken],
  requires: [MachineMemoryToken, RiscvMmuToken, SystemBusToken, ClockToken],
  options: riscv64CoreOptions,
  setup: (context) => {
    const parts = {
      memory: context.get(MachineMemoryToken),
      mmu: context.get(RiscvMmuToken),
      bus: context.get(SystemBusToken),
      clock: context.get(ClockToken),
    };
    const { options } = context;
    const core = options.threads ? new ThreadedCore(parts, options) : new RiscvCore(parts, options);
    return { provides: [bind(CpuCoreToken, core)], reset: () => core.reset() };
  },
});

export default riscv64Core;
export { errorTable } from './errors.ts';
export { ISA_EXTENSIONS, isaExtensions } from './device-tree.ts';

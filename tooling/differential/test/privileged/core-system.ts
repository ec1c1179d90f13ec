import { virtualClock } from '@vivarium/clock-virtual';
import { ClockToken, CpuCoreToken, MachineMemoryToken } from '@vivarium/contracts';
import { riscv64Core } from '@vivarium/cpu-riscv64';
import { assemble } from '@vivarium/kernel';
import { linearMemory } from '@vivarium/memory-linear';
import { riscvMmu } from '@vivarium/mmu-riscv';
import {
  buildImage,
  CORE_ENDING,
  type DirectedProgram,
  type Outcome,
  parseRecords,
  RAM_BASE,
  RAM_BYTES,
  RESULTS_BYTES,
  resultsAddress,
} from './directed-program.ts';

const SLICE = 1_000_000;
const SLICES = 20;

/** Runs a program on our core, put together by the kernel with MMU, RAM and clock, and returns its records. */
export const runOnCore = async (program: DirectedProgram): Promise<readonly Outcome[]> => {
  await using machine = await assemble({
    name: 'directed',
    parts: [
      { id: 'clock', plugin: virtualClock },
      { id: 'ram', plugin: linearMemory, options: { banks: [{ base: Number(RAM_BASE), size: RAM_BYTES }] } },
      { id: 'mmu', plugin: riscvMmu, options: {} },
      { id: 'cpu', plugin: riscv64Core, options: {} },
    ],
  });
  await machine.start();
  const memory = machine.get(MachineMemoryToken);
  const vcpu = machine.get(CpuCoreToken).vcpus[0];
  const clock = machine.get(ClockToken);
  clock.virtual?.follow(() => vcpu.attemptedInSlice);
  const { bytes, symbols } = buildImage(program, CORE_ENDING);
  memory.write(Number(RAM_BASE), bytes);
  vcpu.start(RAM_BASE, 0n);
  vcpu.writeRegister('priv', 3n);
  const end = symbols.get('finish')!;
  for (let slice = 0; slice < SLICES; slice++) {
    const exit = vcpu.run(SLICE);
    const pc = vcpu.readRegister('pc')!;
    if (pc >= end && pc < end + 16n) {
      const count = (vcpu.readRegister('x27')! - BigInt(resultsAddress)) / 32n;
      return parseRecords(memory.read(resultsAddress, RESULTS_BYTES)!, Number(count));
    }
    if (exit.kind === 'idle') {
      // Nothing but its own timer can wake it: let the time pass.
      clock.virtual?.advanceTo(vcpu.nextDeadline ?? clock.now() + 1_000_000);
    } else if (exit.kind !== 'budget') throw new Error(`the core left with ${JSON.stringify(exit)}`);
  }
  throw new Error(`the program did not end, pc ${vcpu.readRegister('pc')!.toString(16)}`);
};

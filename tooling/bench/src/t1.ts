import { assemble } from '@vivarium/kernel';
import { CpuCoreToken, MachineMemoryToken } from '@vivarium/contracts';
import { riscv64Core } from '@vivarium/cpu-riscv64';
import { riscvMmu } from '@vivarium/mmu-riscv';
import { linearMemory } from '@vivarium/memory-linear';
import { virtualClock } from '@vivarium/clock-virtual';
import { assemble as as } from '@vivarium/isa-riscv';
const m = await assemble({
  name: 't',
  parts: [
    { id: 'ram', plugin: linearMemory, options: { banks: [{ base: 0x80000000, size: 1 << 24 }] } },
    { id: 'mmu', plugin: riscvMmu, options: {} },
    { id: 'clock', plugin: virtualClock },
    { id: 'cpu', plugin: riscv64Core, options: { harts: 1 } },
  ],
});
await m.start();
const cpu = m.get(CpuCoreToken);
const mem = m.get(MachineMemoryToken);
const { bytes } = as(
  `
  li t0, 0
  li t1, 100000000
1: addi t0, t0, 1
  add t2, t2, t0
  xor t3, t3, t2
  slli t4, t2, 3
  bne t0, t1, 1b
  la a0, 2f
  sd t2, 0(a0)
  ld a1, 0(a0)
  li a2, 7
  mul a3, a2, a2
  fcvt.d.l fa0, a3
  wfi
 .align 3
2: .dword 0
`,
  { base: 0x80000000n },
);
mem.write(0x80000000, bytes);
const h = cpu.vcpus[0];
h.start(0x80000000n, 0n);
h.writeRegister('mstatus', 0x6000n);
const t = performance.now();
let e;
do {
  e = h.run(10_000_000);
} while (e.kind === 'budget');
const dt = performance.now() - t;
console.log(e, h.retired, (h.retired / dt / 1000).toFixed(0) + ' MIPS');
for (const r of ['pc', 't0', 't2', 'a0', 'a1', 'a3', 'fa0', 'mcause', 'mepc', 'mtval'])
  console.log(r, h.readRegister(r)?.toString(16));

import type { DebugPoint } from '@vivarium/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BareCore, bareCore, RAM_BASE } from './bare-core.ts';

/** Loops, calls, memory and atomics on two pages of code. */
const BUSY = `
start: la s0, data
  la s1, far
outer: li a1, 7
inner: addi a0, a0, 1
  ld a2, 0(s0)
  add a2, a2, a0
  sd a2, 0(s0)
  andi a3, a0, 3
  beqz a3, skip
  jal routine
skip: addi a1, a1, -1
  bnez a1, inner
  jalr s1
  j outer
routine: amoadd.d a4, a0, (s0)
  ret
.balign 4096
far: addi a5, a5, 1
  sw a5, 16(s0)
  lbu a6, 17(s0)
  ret
.balign 4096
data: .dword 0, 0, 0`;

const state = ({ vcpu }: BareCore): string =>
  [...vcpu.registerNames.map((name) => `${name} ${vcpu.readRegister(name)}`), `retired ${vcpu.retired}`].join('\n');

const debugOf = ({ core }: BareCore) => {
  if (core.debug === undefined) throw new Error('the core cannot be debugged');
  return core.debug;
};

const pcOf = ({ vcpu }: BareCore): bigint => vcpu.readRegister('pc') ?? -1n;

const addressOf = ({ symbols }: BareCore, name: string): bigint => symbols.get(name) ?? -1n;

/** Runs until `attempted` instructions were attempted, stepping over each stop; where it stopped. */
const runStopping = (machine: BareCore, attempted: number, removing: boolean): string[] => {
  const debug = debugOf(machine);
  const stops: string[] = [];
  let left = attempted;
  while (left > 0) {
    const exit = machine.vcpu.run(left);
    left -= machine.vcpu.attemptedInSlice;
    if (exit.kind === 'budget') continue;
    if (exit.kind !== 'breakpoint') throw new Error(`unexpected ${exit.kind}`);
    expect(exit.pc).toBe(pcOf(machine));
    stops.push(`${attempted - left} ${exit.pc}`);
    const { points } = debug;
    // As debuggers do: nothing is set while they step over what is.
    if (removing) for (const point of points) debug.remove(point);
    expect(debug.step(machine.vcpu).kind).toBe('budget');
    expect(machine.vcpu.attemptedInSlice).toBe(1);
    if (removing) for (const point of points) debug.insert(point);
    left -= 1;
  }
  return stops;
};

describe('a breakpoint', () => {
  it('stops before each execution of its instruction, in translated code as in interpreted, and changes nothing', async () => {
    const options = [{ hotJumps: 1 }, { hotJumps: 50 }, { translate: false }];
    const { symbols } = await bareCore(BUSY);
    const places = ['start', 'outer', 'inner', 'skip', 'routine', 'far'].map((name) => symbols.get(name) ?? 0n);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...options),
        fc.uniqueArray(fc.constantFrom(...places), { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 0, max: 3000 }),
        fc.integer({ min: 1, max: 2000 }),
        fc.boolean(),
        async (option, addresses, before, count, removing) => {
          const broken = await bareCore(BUSY, {}, option);
          const plain = await bareCore(BUSY, {}, { translate: false });
          for (const { vcpu } of [broken, plain]) if (before > 0) vcpu.run(before);
          for (const address of addresses) expect(debugOf(broken).insert({ kind: 'breakpoint', address })).toBe(true);
          const expected: string[] = [];
          for (let done = 0; done < count; done += 1) {
            if (addresses.includes(pcOf(plain))) expected.push(`${done} ${pcOf(plain)}`);
            plain.vcpu.run(1);
          }
          const stops = runStopping(broken, count, removing);
          expect(stops).toEqual(expected);
          expect(state(broken)).toBe(state(plain));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('leaves the code around it translated', async () => {
    const machine = await bareCore(BUSY, {}, { hotJumps: 1, statistics: true });
    debugOf(machine).insert({ kind: 'breakpoint', address: addressOf(machine, 'outer') });
    for (let stop = 0; stop < 500; stop += 1) {
      machine.vcpu.run(100_000);
      debugOf(machine).step(machine.vcpu);
    }
    const { translated = 0, instructions = 0 } = machine.core.statistics?.() ?? {};
    expect(translated / instructions).toBeGreaterThan(0.8);
  });

  it('costs nothing once it is cleared: its instruction is part of a region again', async () => {
    const machine = await bareCore(BUSY, {}, { hotJumps: 1 });
    const debug = debugOf(machine);
    const apart = () => machine.core.statistics?.().exits['one instruction apart'] ?? 0;
    machine.vcpu.run(10_000);
    debug.insert({ kind: 'breakpoint', address: addressOf(machine, 'inner') });
    expect(machine.vcpu.run(10_000).kind).toBe('breakpoint');
    debug.clear();
    expect(debug.points).toEqual([]);
    machine.vcpu.run(10_000);
    const settled = apart();
    expect(machine.vcpu.run(10_000)).toEqual({ kind: 'budget' });
    // The instruction is executed 800 times; where a slice begins and ends, one may be apart anyway.
    expect(apart() - settled).toBeLessThan(5);
  });

  it('stays when the guest rewrites its instruction, and when the machine is reset', async () => {
    const machine = await bareCore(
      `again: la t0, target
         li t1, 0x00158593   # addi a1, a1, 1
         sw t1, 0(t0)
         fence.i
       target: addi a0, a0, 1
         j again`,
      {},
      { hotJumps: 1 },
    );
    const address = addressOf(machine, 'target');
    debugOf(machine).insert({ kind: 'breakpoint', address });
    for (let round = 1; round <= 40; round += 1) {
      expect(machine.vcpu.run(1000)).toEqual({ kind: 'breakpoint', pc: address });
      debugOf(machine).step(machine.vcpu);
      expect(machine.read('a1')).toBe(round);
    }
    machine.vcpu.reset();
    machine.vcpu.start(BigInt(RAM_BASE), 0n);
    machine.vcpu.writeRegister('priv', 3n);
    expect(machine.vcpu.run(1000)).toEqual({ kind: 'breakpoint', pc: address });
  });

  it('stops at an instruction that lies on two pages', async () => {
    const machine = await bareCore('j 1f\n.balign 4096\n.zero 4094\n1: lui a0, 0x12345\n j .');
    const address = BigInt(RAM_BASE) + 8190n;
    debugOf(machine).insert({ kind: 'breakpoint', address });
    expect(machine.vcpu.run(100)).toEqual({ kind: 'breakpoint', pc: address });
    expect(machine.read('a0')).toBe(0);
    debugOf(machine).step(machine.vcpu);
    expect(machine.read('a0')).toBe(0x12345000);
  });

  it('has room for 256, and says when there is none for another', async () => {
    const debug = debugOf(await bareCore('j .'));
    for (let index = 0; index < 256; index += 1) {
      expect(debug.insert({ kind: 'breakpoint', address: BigInt(index * 4) })).toBe(true);
    }
    expect(debug.insert({ kind: 'breakpoint', address: 0x5000n })).toBe(false);
    expect(debug.insert({ kind: 'breakpoint', address: 8n })).toBe(true);
    expect(debug.remove({ kind: 'breakpoint', address: 8n })).toBe(true);
    expect(debug.remove({ kind: 'breakpoint', address: 8n })).toBe(false);
    expect(debug.insert({ kind: 'breakpoint', address: 0x5000n })).toBe(true);
    expect(debug.insert({ kind: 'breakpoint', address: 1n << 64n })).toBe(false);
    expect(debug.points).toHaveLength(256);
  });
});

const watch = (address: bigint, length: number, access: 'read' | 'write' | 'access'): DebugPoint => ({
  kind: 'watchpoint',
  address,
  length,
  access,
});

describe('a watchpoint', () => {
  /** One instruction for each way to touch memory; all of them touch some of the eight bytes at `data + 8`. */
  const touching: readonly (readonly [instruction: string, kinds: 'read' | 'write' | 'access', offset: number])[] = [
    ['ld a0, 8(s0)', 'read', 8],
    ['lb a0, 15(s0)', 'read', 15],
    ['fld fa0, 8(s0)', 'read', 8],
    ['sd a0, 8(s0)', 'write', 8],
    ['sb a0, 12(s0)', 'write', 12],
    ['fsw fa0, 8(s0)', 'write', 8],
    ['amoadd.d a0, a0, (s1)', 'access', 8],
    ['lr.w a0, (s1)', 'read', 8],
    ['cbo.zero (s0)', 'write', 8],
    // Across the page's end, of which the tail is watched.
    ['sd a0, -4(s2)', 'write', 4096],
    ['ld a0, -4(s2)', 'read', 4096],
  ];

  it.each(touching)('stops before `%s` and before nothing else', async (instruction, kinds, offset) => {
    const machine = await bareCore(
      `la s0, data
       addi s1, s0, 8
       li t0, 4096
       add s2, s0, t0
       li t0, 0x2000
       csrs mstatus, t0
       loop: nop
       ld t1, 0(s0)
       sd t1, 16(s0)
       touch: ${instruction}
       after: sb zero, 7(s0)
       lw t1, 20(s0)
       j loop
       .balign 4096
       data: .zero 8192`,
      {},
      { hotJumps: 1 },
    );
    const data = addressOf(machine, 'data');
    machine.vcpu.run(500);
    const length = offset === 4096 ? 4 : 8;
    const address = data + (offset === 4096 ? 4096n : 8n);
    for (const access of ['read', 'write', 'access'] as const) {
      expect(debugOf(machine).insert(watch(address, length, access))).toBe(true);
      const hits = access === kinds || access === 'access' || kinds === 'access';
      for (let round = 0; round < 20; round += 1) {
        const exit = machine.vcpu.run(500);
        if (!hits) {
          expect(exit).toEqual({ kind: 'budget' });
          continue;
        }
        expect(exit).toEqual({ kind: 'watchpoint', address: data + BigInt(offset), access });
        expect(pcOf(machine)).toBe(addressOf(machine, 'touch'));
      }
      expect(debugOf(machine).remove(watch(address, length, access))).toBe(true);
      expect(machine.vcpu.run(500)).toEqual({ kind: 'budget' });
    }
  });

  it('is not hit by a store-conditional that fails', async () => {
    const machine = await bareCore(
      `la s0, data
       lr.d a0, (s0)
       sc.d a1, s0, (s0)
       sc.d a2, s0, (s0)
       j .
       .balign 8
       data: .dword 0`,
    );
    const address = addressOf(machine, 'data');
    debugOf(machine).insert(watch(address, 8, 'write'));
    machine.vcpu.writeRegister('a1', 5n);
    expect(machine.vcpu.run(6)).toEqual({ kind: 'watchpoint', address, access: 'write' });
    expect(machine.read('a1')).toBe(5);
    expect(machine.vcpu.run(2)).toEqual({ kind: 'budget' });
    expect([machine.read('a1'), machine.read('a2')]).toEqual([0, 1]);
  });

  it('is hit again by the same instruction, however the one before it was executed', async () => {
    const machine = await bareCore(
      'la s0, data\nloop: addi a0, a0, 1\n ld t0, (s0)\n j loop\n.balign 8\n data: .dword 0',
    );
    const { vcpu } = machine;
    const debug = debugOf(machine);
    const point = watch(addressOf(machine, 'data'), 8, 'read');
    const hit = { kind: 'watchpoint', address: addressOf(machine, 'data'), access: 'read' };
    debug.insert(point);
    expect(vcpu.run(100)).toEqual(hit);
    expect(vcpu.run(100)).toEqual(hit);
    expect(machine.read('a0')).toBe(2);
    // As GDB does: without the watchpoint, up to the next instruction.
    debug.remove(point);
    expect(vcpu.run(1)).toEqual({ kind: 'budget' });
    debug.insert(point);
    expect(vcpu.run(100)).toEqual(hit);
    expect(machine.read('a0')).toBe(3);
    // A new pc is another instruction, though it is the same one.
    vcpu.writeRegister('pc', pcOf(machine));
    expect(vcpu.run(100)).toEqual(hit);
    expect(vcpu.attemptedInSlice).toBe(0);
  });

  it('is hit by a device access, which reaches the device once', async () => {
    let reads = 0;
    const machine = await bareCore('lui t0, 0x10000\n lw a0, 4(t0)\n li a1, 1\n j .', {
      read: () => {
        reads += 1;
        return 42;
      },
    });
    debugOf(machine).insert(watch(0x1000_0000n, 8, 'read'));
    expect(machine.vcpu.run(100)).toEqual({ kind: 'watchpoint', address: 0x1000_0004n, access: 'read' });
    expect([machine.read('a0'), reads]).toEqual([0, 0]);
    machine.vcpu.run(1);
    expect([machine.read('a0'), reads]).toEqual([42, 1]);
  });

  it('changes nothing but where execution stops', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 1, max: 9 }), async (offset, length) => {
        const watched = await bareCore(BUSY, {}, { hotJumps: 1 });
        const plain = await bareCore(BUSY, {}, { hotJumps: 1 });
        for (const { vcpu } of [watched, plain]) vcpu.run(1000);
        debugOf(watched).insert(watch(addressOf(watched, 'data') + BigInt(offset), length, 'access'));
        for (let left = 1500; left > 0; left -= watched.vcpu.attemptedInSlice) watched.vcpu.run(left);
        plain.vcpu.run(1500);
        expect(state(watched)).toBe(state(plain));
      }),
      { numRuns: 30 },
    );
  });

  it('has a limit in number and length', async () => {
    const debug = debugOf(await bareCore('j .'));
    for (let index = 0; index < 32; index += 1) expect(debug.insert(watch(BigInt(index), 1, 'read'))).toBe(true);
    expect(debug.insert(watch(99n, 1, 'read'))).toBe(false);
    debug.clear();
    for (const length of [0, -1, 1.5, 2 ** 21, Number.NaN]) expect(debug.insert(watch(0n, length, 'read'))).toBe(false);
    expect(debug.insert(watch((1n << 64n) - 4n, 8, 'read'))).toBe(false);
  });
});

describe('a step', () => {
  it('takes no interrupt, which the next run does', async () => {
    const machine = await bareCore(
      `la t0, handler
       csrw mtvec, t0
       li t0, 8
       csrw mie, t0
       csrs mstatus, t0
       main: addi a0, a0, 1
       addi a0, a0, 1
       addi a0, a0, 1
       j .
       .balign 4
       handler: li a1, 7
       j .`,
    );
    const { vcpu } = machine;
    vcpu.run(6);
    expect(pcOf(machine)).toBe(addressOf(machine, 'main'));
    vcpu.interruptInput('msip')?.set(true);
    expect(debugOf(machine).step(vcpu)).toEqual({ kind: 'budget' });
    expect([pcOf(machine), machine.read('a0')]).toEqual([addressOf(machine, 'main') + 4n, 1]);
    vcpu.run(1);
    expect([machine.read('a0'), machine.read('a1')]).toEqual([1, 7]);
  });

  it('goes on behind an instruction that waits', async () => {
    const machine = await bareCore('li t0, 8\n csrw mie, t0\n wfi\n li a0, 5\n j .');
    expect(machine.vcpu.run(10)).toEqual({ kind: 'idle' });
    expect(machine.vcpu.run(10)).toEqual({ kind: 'idle' });
    debugOf(machine).step(machine.vcpu);
    expect(machine.read('a0')).toBe(5);
  });

  it('ends in the handler when its own instruction traps', async () => {
    const machine = await bareCore('la t0, handler\n csrw mtvec, t0\n ecall\n.balign 4\n handler: li a0, 1\n j .');
    for (let steps = 0; steps < 4; steps += 1) debugOf(machine).step(machine.vcpu);
    expect(pcOf(machine)).toBe(addressOf(machine, 'handler'));
    expect(machine.read('mcause')).toBe(11);
  });

  it('stops before what is watched, and goes on behind it', async () => {
    const machine = await bareCore('la t0, data\n ld a0, (t0)\n j .\n.balign 8\n data: .dword 3');
    const address = addressOf(machine, 'data');
    debugOf(machine).insert(watch(address, 8, 'read'));
    machine.vcpu.run(2);
    expect(debugOf(machine).step(machine.vcpu)).toEqual({ kind: 'watchpoint', address, access: 'read' });
    expect([machine.read('a0'), machine.vcpu.attemptedInSlice]).toEqual([0, 0]);
    expect(debugOf(machine).step(machine.vcpu)).toEqual({ kind: 'budget' });
    expect([machine.read('a0'), machine.vcpu.attemptedInSlice]).toEqual([3, 1]);
  });
});

describe('a new pc', () => {
  it('ends a wait', async () => {
    const machine = await bareCore('li t0, 8\n csrw mie, t0\n wfi\n j .\n there: li a0, 9\n j .');
    expect(machine.vcpu.run(10)).toEqual({ kind: 'idle' });
    machine.vcpu.writeRegister('pc', addressOf(machine, 'there'));
    machine.vcpu.run(1);
    expect(machine.read('a0')).toBe(9);
  });
});

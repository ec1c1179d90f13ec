import { assemble } from '@vivarium/isa-riscv';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bareCore, RAM_BASE } from './bare-core.ts';

const word = (text: string): number => new DataView(assemble(text).bytes.buffer).getUint32(0, true);

describe('H7 code that the guest changes', () => {
  it.each(['fence.i', 'nop'])('runs as changed, followed by %s', async (between) => {
    // Software must use fence.i; we let a hart see its own stores at once.
    const { vcpu, read } = await bareCore(`
  la t0, patch
  li t1, ${word('addi a0, a0, 100')}
  li t2, 3
again:
  jal patch
  sw t1, 0(t0)
  ${between}
  addi t2, t2, -1
  bnez t2, again
end: j end
patch: addi a0, a0, 1
  ret`);
    vcpu.run(1000);
    expect(read('a0')).toBe(1 + 100 + 100);
  });

  it('runs as changed when only the second half of an instruction is stored to', async () => {
    const { vcpu, read } = await bareCore(`
  la t0, patch
  li t1, ${word('addi a0, a0, 100') >>> 16}
  jal patch
  sh t1, 2(t0)
  jal patch
  sb zero, 3(t0)
  jal patch
end: j end
patch: addi a0, a0, 1
  ret`);
    vcpu.run(100);
    // addi a0, a0, 1; addi a0, a0, 100; then the immediate's top byte is cleared: 0x064 → 0x004 with rs1 bits kept.
    const cleared = (word('addi a0, a0, 100') & 0x00ff_ffff) >>> 20;
    expect(read('a0')).toBe(1 + 100 + cleared);
  });

  it('runs as changed in an instruction that lies on two pages, in either half', async () => {
    const first = word('addi a0, a0, 1');
    for (const [offset, value] of [
      [0, word('addi a1, a0, 1') & 0xffff],
      [2, word('addi a0, a0, 100') >>> 16],
    ] as const) {
      const { vcpu, read } = await bareCore(`
.option norvc
  la t0, patch
  li t1, ${value}
  jal patch
  sh t1, ${offset}(t0)
  jal patch
end: j end
.option rvc
.balign 4096
.zero 4094
patch: .half ${first & 0xffff}, ${first >>> 16}
  ret`);
      vcpu.run(100);
      expect([read('a0'), read('a1')]).toEqual(offset === 0 ? [1, 2] : [101, 0]);
    }
  });

  it('runs as changed at the next instruction, in the middle of a decoded run', async () => {
    const { vcpu, read } = await bareCore(`
  la t0, patch
  li t1, ${word('addi a0, a0, 100')}
  li t2, 2
again:
  beqz t3, patch
  sw t1, 0(t0)
patch: addi a0, a0, 1
  addi t3, t3, 1
  addi t2, t2, -1
  bnez t2, again
end: j end`);
    vcpu.run(100);
    expect(read('a0')).toBe(101);
  });

  it('does not end a loop of stores into its own page', async () => {
    // Each round writes a counter that lies beside the code.
    const { vcpu, read } = await bareCore(`
  la t0, counter
again: ld a0, 0(t0)
  addi a0, a0, 1
  sd a0, 0(t0)
  j again
.balign 8
counter: .dword 0`);
    expect(vcpu.run(40_002)).toEqual({ kind: 'budget' });
    expect(read('a0')).toBe(10_000);
  });

  it('is followed by atomics as by stores', async () => {
    const { vcpu, read } = await bareCore(`
  la t0, patch
  li t1, ${word('addi a0, a0, 100')}
  jal patch
  amoswap.w t2, t1, (t0)
  jal patch
  lr.w t3, (t0)
  sc.w t4, t2, (t0)
  jal patch
end: j end
.balign 4
patch: addi a0, a0, 1
  ret`);
    vcpu.run(100);
    expect(read('t4')).toBe(0);
    expect(read('a0')).toBe(1 + 100 + 1);
  });
});

describe('decoded code', () => {
  it('is right for any jump into the middle of instructions', async () => {
    // The upper half of the lui is c.addi a0, 1; jumping there executes another program.
    const { vcpu, read } = await bareCore(`
.option norvc
  j lui + 2
lui: .half 0x0537, 0x0505
  addi a1, a0, 0
  lui a0, 0
  beqz a3, again
end: j end
again: li a3, 1
  j lui`);
    vcpu.run(100);
    // Second time the lui itself: 0x05050 << 12, whose low 32 bits fit.
    expect(read('a1')).toBe(0x0505_0000);
    const fresh = await bareCore('.option norvc\n j 1f + 2\n1: .half 0x0537, 0x0505\n addi a1, a0, 0\nend: j end');
    fresh.vcpu.run(100);
    expect(fresh.read('a1')).toBe(1);
  });

  it('is dropped and made again when there are more pages than the cache holds', async () => {
    // 64 pages are kept; the program has one instruction in each of 200, in a ring.
    const pages = 200;
    const ring = Array.from(
      { length: pages },
      (_, page) => `.balign 4096\npage${page}: addi a0, a0, 1\n  j page${(page + 1) % pages}`,
    );
    const { vcpu, read } = await bareCore(`j page0\n${ring.join('\n')}`);
    expect(vcpu.run(1 + pages * 2 * 5)).toEqual({ kind: 'budget' });
    expect(read('a0')).toBe(pages * 5);
  });

  it.each([false, true])('is reached by jumps that lie on two pages (translate: %s)', async (translate) => {
    // Some of these distances are those between decoded slots of different pages.
    for (let pages = 50; pages < 75; pages += 1) {
      const { vcpu, read } = await bareCore(
        `
.option rvc
  j far
.balign 4096
target: li a0, 7
.option norvc
end: nop
  j end
.balign 4096
.zero ${pages * 4096 + 4094}
far: jal t0, target`,
        {},
        { translate },
      );
      vcpu.run(3);
      expect([pages, read('a0')]).toEqual([pages, 7]);
    }
  });

  it('is dropped together with the translations that lead to it', async () => {
    // The caller's page keeps its place in the fetch TLB (16 entries) while the cache (64 pages) runs over.
    const pages = Array.from({ length: 200 }, (_, index) => index + 1);
    const called = pages.filter((page) => page % 16 !== 0);
    const { vcpu, read } = await bareCore(`
${called.map((page) => `  jal page${page}`).join('\n')}
end: j end
${pages.map((page) => `.balign 4096\npage${page}: addi a0, a0, 1\n  ret`).join('\n')}`);
    vcpu.run(called.length * 3);
    expect(read('a0')).toBe(called.length);
    expect(read('pc')).toBe(RAM_BASE + called.length * 4);
  });

  it('follows writes from outside of any place and length', async () => {
    const instructions = 64;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(instructions - 1), fc.integer({ min: 1, max: 8 }), fc.integer({ min: 0, max: 99 })), {
          minLength: 1,
          maxLength: 12,
        }),
        async (writes) => {
          const body = Array.from({ length: instructions }, () => 'addi a0, a0, 1').join('\n');
          const { vcpu, memory, read } = await bareCore(`${body}\nend: j end`);
          const values = Array.from({ length: instructions }, () => 1);
          vcpu.run(instructions);
          expect(read('a0')).toBe(instructions);
          for (const [first, count, value] of writes) {
            const last = Math.min(first + count, instructions);
            const bytes = Array.from({ length: last - first }, () => [
              ...assemble(`addi a0, a0, ${value}`).bytes,
            ]).flat();
            memory.write(RAM_BASE + first * 4, Uint8Array.from(bytes));
            values.fill(value, first, last);
            vcpu.writeRegister('a0', 0n);
            vcpu.writeRegister('pc', BigInt(RAM_BASE));
            vcpu.run(instructions);
            expect(read('a0')).toBe(values.reduce((sum, each) => sum + each, 0));
          }
        },
      ),
      { numRuns: 20 },
    );
  });

  it('is forgotten where invalidateCode says, and everywhere after a reset', async () => {
    const { core, vcpu, memory, read } = await bareCore('addi a0, a0, 1\nend: j end');
    vcpu.run(1);
    // Behind everybody's back.
    const [bank] = memory.banks;
    const patched = assemble('addi a0, a0, 100').bytes;
    new Uint8Array(memory.linear.buffer).set(patched, bank.offset);
    const again = (): number => {
      vcpu.writeRegister('pc', BigInt(RAM_BASE));
      vcpu.run(1);
      return read('a0');
    };
    core.invalidateCode(RAM_BASE, 4);
    expect(again()).toBe(101);
    core.invalidateCode(0, 2 ** 33);
    expect(again()).toBe(201);
  });
});

import type { InterruptFile } from '@vivarium/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BareCore, bareCore, toSupervisor } from './bare-core.ts';
import { fakeInterruptFile } from './fake-interrupt-file.ts';

const AIA = { aia: true };
const ILLEGAL = 2;
const WINDOW_CSRS = ['miselect', 'mireg', 'siselect', 'sireg'];
const FILE_CSRS = ['mtopei', 'stopei'];
const TOP_CSRS = ['mtopi', 'stopi', 'mvien', 'mvip'];

/** Runs one instruction in M-mode; the cause of its exception, or undefined when there was none. */
const attempt = ({ vcpu }: BareCore, registers: Readonly<Record<string, bigint>> = {}): number | undefined => {
  for (const [name, value] of Object.entries(registers)) vcpu.writeRegister(name, value);
  vcpu.writeRegister('pc', 0x8000_0000n);
  vcpu.writeRegister('mcause', 99n);
  vcpu.writeRegister('priv', 3n);
  vcpu.run(1);
  const cause = vcpu.readRegister('mcause');
  return cause === 99n ? undefined : Number(cause);
};

const setUp = async (source: string) => {
  const bare = await bareCore(`${source}\nend: j end`, {}, AIA);
  return { ...bare, file: fakeInterruptFile(bare.vcpu) };
};

describe('a hart without the Advanced Interrupt Architecture', () => {
  it.each([...WINDOW_CSRS, ...FILE_CSRS, ...TOP_CSRS])('has no %s', async (name) => {
    const bare = await bareCore(`csrr a0, ${name}`);
    expect(attempt(bare)).toBe(ILLEGAL);
    expect(bare.vcpu.registerNames).not.toContain(name);
  });

  it('takes no interrupt file', async () => {
    const { vcpu } = await bareCore('nop');
    const file = { top: 0, claim: () => 0, read: () => 0, write: () => {} };
    expect(vcpu.connectInterruptFile?.('machine', file)).toBe(false);
  });
});

describe('a hart with the Advanced Interrupt Architecture', () => {
  it('names it in the device tree, among the extensions of its kind', async () => {
    const { core } = await bareCore('nop', {}, AIA);
    const extensions = core.deviceTree.children?.[0].properties['riscv,isa-extensions'];
    expect(extensions).toEqual(expect.arrayContaining(['smaia', 'ssaia']));
    expect(core.deviceTree.children?.[0].properties['riscv,isa']).toMatch(/_zbs_smaia_ssaia_sstc_/);
  });

  it.each([...WINDOW_CSRS, ...TOP_CSRS].filter((name) => !name.endsWith('ireg')))('has %s', async (name) => {
    expect(attempt(await bareCore(`csrr a0, ${name}`, {}, AIA))).toBeUndefined();
  });

  it.each(FILE_CSRS)('has %s with an interrupt file only', async (name) => {
    const bare = await bareCore(`csrr a0, ${name}`, {}, AIA);
    expect(attempt(bare)).toBe(ILLEGAL);
    fakeInterruptFile(bare.vcpu);
    expect(attempt(bare)).toBe(name === 'stopei' ? undefined : ILLEGAL);
  });

  it('keeps supervisor registers from user mode, and machine registers from supervisor mode', async () => {
    for (const [name, privilege] of [
      ['sireg', 0n],
      ['stopei', 0n],
      ['stopi', 0n],
      ['mireg', 1n],
      ['mtopi', 1n],
    ] as const) {
      const bare = await bareCore(`csrr a0, ${name}`, {}, AIA);
      fakeInterruptFile(bare.vcpu);
      bare.vcpu.writeRegister('pmpaddr0', 2n ** 54n - 1n);
      bare.vcpu.writeRegister('pmpcfg0', 0x1fn);
      bare.vcpu.writeRegister('siselect', 0x70n);
      bare.vcpu.writeRegister('priv', privilege);
      bare.vcpu.run(1);
      expect([name, bare.read('mcause')]).toEqual([name, ILLEGAL]);
    }
  });

  it('opens its window on the registers that exist and on no other', async () => {
    const bare = await setUp('csrr a0, sireg');
    bare.file.registers.set(0x70, 1);
    for (let select = 0; select < 0x200; select += 1) {
      const odd = select % 2 === 1;
      const exists =
        (select >= 0x30 && select <= 0x3f && !odd) ||
        (select >= 0x70 && select < 0x80) ||
        (select >= 0x80 && select <= 0xff && !odd);
      const cause = attempt(bare, { siselect: BigInt(select) });
      expect([select, cause]).toEqual([select, exists ? undefined : ILLEGAL]);
    }
  });

  it('opens the window on priorities alone while there is no file', async () => {
    const bare = await bareCore('csrrw a0, mireg, a1', {}, AIA);
    expect(attempt(bare, { miselect: 0x70n })).toBe(ILLEGAL);
    expect(attempt(bare, { miselect: 0x80n })).toBe(ILLEGAL);
    expect(attempt(bare, { miselect: 0x32n, a1: 0xffffn })).toBeUndefined();
    expect(attempt(bare, { miselect: 0x32n, a0: 7n })).toBeUndefined();
    expect(bare.read('a0')).toBe(0);
  });

  it('reads and writes 64 bits of the arrays, and sets and clears single ones', async () => {
    const anyValue = fc.bigInt(0n, 2n ** 64n - 1n);
    const forms = { csrrw: (_: bigint, b: bigint) => b, csrrs: (a: bigint, b: bigint) => a | b, csrrc: clear };
    for (const [name, next] of Object.entries(forms)) {
      const bare = await setUp(`${name} a0, sireg, a1`);
      fc.assert(
        fc.property(anyValue, anyValue, fc.integer({ min: 0, max: 3 }), (before, operand, pair) => {
          const low = 0xc0 + 2 * pair;
          bare.file.registers.set(low, Number(before & 0xffff_ffffn));
          bare.file.registers.set(low + 1, Number(before >> 32n));
          expect(attempt(bare, { siselect: BigInt(low), a1: operand })).toBeUndefined();
          expect(bare.vcpu.readRegister('a0')).toBe(before);
          const after = [bare.file.registers.get(low + 1), bare.file.registers.get(low)].map((half) =>
            BigInt(half ?? 0),
          );
          expect((after[0] << 32n) | after[1]).toBe(next(before, operand));
        }),
        { numRuns: 50 },
      );
    }
  });

  it.each(['csrrw a0, stopei, zero', 'csrrs a0, stopei, a1', 'csrrci a0, stopei, 1'])(
    'claims by `%s` what it reads',
    async (source) => {
      const bare = await setUp(source);
      bare.file.registers.set(0xc2, 0xffff_ffff);
      bare.file.send(70);
      bare.file.send(66);
      expect(bare.read('mip')).toBe(1 << 9);
      const seen = [1, 2, 3].map(() => {
        attempt(bare);
        return bare.read('a0');
      });
      expect(seen).toEqual([(66 << 16) | 66, (70 << 16) | 70, 0]);
      expect(bare.read('mip')).toBe(0);
    },
  );

  it.each(['csrrw a0, stopei, zero', 'csrrs a0, stopei, a1'])(
    'claims by `%s` nothing that came while it read',
    async (source) => {
      const bare = await setUp(source);
      const { vcpu, file } = bare;
      file.registers.set(0xc0, 0b1010);
      file.send(3);
      const urgent: InterruptFile = {
        ...file,
        get top() {
          const { top } = file;
          file.send(1);
          return top;
        },
      };
      vcpu.connectInterruptFile?.('supervisor', urgent);
      attempt(bare);
      file.send(1);
      expect(file.top).toBe(1);
      expect(file.registers.get(0x80)).toBe(0b10);
    },
  );

  it('claims when a debugger writes stopei', async () => {
    const { vcpu, file } = await setUp('nop');
    file.registers.set(0xc0, 0b1010);
    file.send(1);
    file.send(3);
    vcpu.writeRegister('stopei', 0n);
    expect(file.top).toBe(3);
  });

  it('does not claim by reading alone', async () => {
    const bare = await setUp('csrr a0, stopei');
    bare.file.registers.set(0xc0, 2);
    bare.file.send(1);
    for (const _ of [1, 2]) attempt(bare);
    expect(bare.read('a0')).toBe(0x1_0001);
  });

  it('reports the most urgent interrupt of each level in mtopi and stopi, whatever mstatus says', async () => {
    const { vcpu, read } = await bareCore('nop', {}, AIA);
    const order = [11, 3, 7, 9, 1, 5];
    const levels = { seip: 9, meip: 11, msip: 3, mtip: 7, stip: 5 };
    fc.assert(
      fc.property(
        fc.subarray(Object.keys(levels)),
        fc.nat(0xfff),
        fc.nat(0xfff),
        fc.boolean(),
        (raised, enabled, delegated, software) => {
          for (const name of Object.keys(levels)) vcpu.interruptInput(name)?.set(raised.includes(name));
          vcpu.writeRegister('mip', software ? 2n : 0n);
          vcpu.writeRegister('mie', BigInt(enabled));
          vcpu.writeRegister('mideleg', BigInt(delegated));
          const pending = new Set(raised.map((name) => levels[name as keyof typeof levels]));
          if (software) pending.add(1);
          const supervisor = (cause: number) => [1, 5, 9].includes(cause) && ((delegated >> cause) & 1) === 1;
          const ready = order.filter((cause) => pending.has(cause) && ((enabled >> cause) & 1) === 1);
          const top = (cause: number | undefined) => (cause === undefined ? 0 : (cause << 16) | 1);
          expect(read('mtopi')).toBe(top(ready.find((cause) => !supervisor(cause))));
          expect(read('stopi')).toBe(top(ready.find(supervisor)));
        },
      ),
    );
  });

  it('shows in mvip the bits of mip that software set, not what the inputs show', async () => {
    const { vcpu, read } = await bareCore('nop', {}, AIA);
    vcpu.interruptInput('seip')?.set(true);
    expect([read('mip'), read('mvip')]).toEqual([0x200, 0]);
    vcpu.writeRegister('mvip', -1n);
    expect([read('mip'), read('mvip')]).toEqual([0x222, 0x222]);
    // With Sstc, STIP is the comparator's.
    vcpu.writeRegister('mvip', 0n);
    vcpu.writeRegister('menvcfg', 1n << 63n);
    vcpu.writeRegister('mvip', -1n);
    expect(read('mvip')).toBe(0x202);
    vcpu.writeRegister('mvien', -1n);
    expect(read('mvien')).toBe(0);
  });

  it('forgets what was selected on reset', async () => {
    const { core, vcpu, read } = await bareCore('nop', {}, AIA);
    vcpu.writeRegister('siselect', -1n);
    vcpu.writeRegister('miselect', 0x70n);
    expect([read('siselect'), read('miselect')]).toEqual([0x1ff, 0x70]);
    for (const each of core.vcpus) each.reset();
    expect([read('siselect'), read('miselect')]).toEqual([0, 0]);
  });
});

const clear = (before: bigint, operand: bigint): bigint => before & ~operand;

/** Counts what it claims, by identity, and otherwise works at something that gets translated. */
const PROGRAM = `
.option norvc
  la t0, handler
  csrw stvec, t0
  li t0, 0x222
  csrw mideleg, t0
  csrw mie, t0
  li t0, -1
  csrw pmpaddr0, t0
  li t0, 0x1f
  csrw pmpcfg0, t0
  ${toSupervisor('work')}
.balign 4
handler: csrr t0, stopi
  srli t0, t0, 16
  beqz t0, spurious
next: csrrw t1, stopei, zero
  beqz t1, done
  srli t1, t1, 16
  add a1, a1, t1
  addi a2, a2, 1
  slli a3, a3, 1
  xor a3, a3, t1
  j next
spurious: addi a4, a4, 1
done: sret
work: li s1, 0x80
  csrw siselect, s1
  li s2, 30
round: addi a0, a0, 1
  addi s2, s2, -1
  bnez s2, round
  csrr s3, sireg
  add a5, a5, s3
  li s1, 0xc0
  csrw siselect, s1
  li s3, 4
  csrs sireg, s3
  csrsi sstatus, 2
  csrc sireg, s3
  j work`;

describe('translated code with an interrupt file', () => {
  it('leaves the same state as interpreted code after every slice', async () => {
    const message = fc.record({ budget: fc.integer({ min: 1, max: 150 }), identity: fc.nat(255) });
    await fc.assert(
      fc.asyncProperty(fc.array(message, { minLength: 20, maxLength: 60 }), async (messages) => {
        const cores = [
          await bareCore(PROGRAM, {}, { ...AIA, hotJumps: 1 }),
          await bareCore(PROGRAM, {}, { ...AIA, translate: false }),
        ];
        const files = cores.map(({ vcpu }) => fakeInterruptFile(vcpu));
        for (const file of files) for (let word = 0; word < 8; word += 1) file.write(0xc0 + word, 0xffff_ffff);
        for (const [slice, { budget, identity }] of messages.entries()) {
          for (const file of files) if (identity !== 0) file.send(identity);
          for (const { vcpu } of cores) vcpu.run(budget);
          const [left, right] = cores.map(({ vcpu }) =>
            vcpu.registerNames.map((name) => `${name} ${vcpu.readRegister(name)?.toString(16)}`).join('\n'),
          );
          expect(left, `registers after slice ${slice}`).toBe(right);
        }
        for (const { vcpu } of cores) vcpu.run(3000);
        expect(files[0].registers).toEqual(files[1].registers);
        expect(files[0].top).toBe(0);
        expect(cores[0].read('a2')).toBeGreaterThan(0);
      }),
      { numRuns: 25 },
    );
  });
});

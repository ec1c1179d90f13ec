import { assemble } from '@vivarium/isa-riscv';
import { describe, expect, it } from 'vitest';
import { type BareCore, bareCore, RAM_BASE } from './bare-core.ts';
import { FakeBackground } from './fake-background.ts';

const LOOP = '.option norvc\nloop: addi a0, a0, 1\n  j loop';

const withBackground = async (
  source: string,
  options: Readonly<Record<string, unknown>> = {},
): Promise<BareCore & { background: FakeBackground; dismiss: () => void; made: () => number }> => {
  const bare = await bareCore(source, {}, { hotJumps: 1000, backgroundHotJumps: 10, ...options });
  const background = new FakeBackground();
  const dismiss = bare.core.background?.(background.start);
  if (dismiss === undefined) throw new Error('the core has no use for one');
  return { ...bare, background, dismiss, made: () => bare.core.statistics?.().translations.made ?? 0 };
};

describe('a core with a background thread', () => {
  it('goes on in the interpreter until that has answered, and asks once', async () => {
    const { vcpu, background, made, read } = await withBackground(LOOP);
    vcpu.run(200);
    await background.turn();
    expect([background.requests.length, made()]).toEqual([1, 0]);
    vcpu.run(200);
    await background.turn();
    expect(background.requests.length).toBe(1);
    await background.answer();
    expect(made()).toBe(1);
    vcpu.run(200);
    expect(read('a0')).toBe(300);
    expect(background.requests.length).toBe(0);
  });

  it('throws away what was made of code that has changed since', async () => {
    const { core, vcpu, memory, background, made, read } = await withBackground(LOOP);
    vcpu.run(200);
    memory.write(RAM_BASE, assemble('.option norvc\naddi a0, a0, 2').bytes);
    core.invalidateCode(RAM_BASE, 4);
    await background.answer();
    expect(made()).toBe(0);
    vcpu.run(200);
    await background.answer();
    expect(made()).toBe(1);
    vcpu.run(200);
    expect(read('a0')).toBe(500);
  });

  it('keeps what was made when other bytes of the page have changed', async () => {
    const { core, vcpu, memory, background, made } = await withBackground(LOOP);
    vcpu.run(200);
    memory.write(RAM_BASE + 2048, Uint8Array.of(1, 2, 3, 4));
    core.invalidateCode(RAM_BASE + 2048, 4);
    await background.answer();
    expect(made()).toBe(1);
  });

  it('looks at what became hot in the page meanwhile', async () => {
    const source = `.option norvc
first: li a1, 20
again: addi a0, a0, 1
  addi a1, a1, -1
  bnez a1, again
  la t0, other
  jr t0
.balign 64
other: li a1, 20
more: addi a0, a0, 1
  addi a1, a1, -1
  bnez a1, more
  la t0, first
  jr t0`;
    const { vcpu, background, made } = await withBackground(source);
    vcpu.run(2000);
    await background.turn();
    expect(background.requests.length).toBe(1);
    await background.answer();
    await background.turn();
    expect([background.requests.length, made()]).toEqual([1, 1]);
    await background.answer();
    expect(made()).toBe(2);
  });

  it('forgets what was asked before a reset', async () => {
    const { core, vcpu, memory, background, made, read } = await withBackground(LOOP);
    vcpu.run(200);
    (core as unknown as { reset(): void }).reset();
    memory.write(RAM_BASE, assemble('.option norvc\nloop: addi a0, a0, 3\n  j loop').bytes);
    await background.answer();
    expect(made()).toBe(0);
    vcpu.start(BigInt(RAM_BASE), 0n);
    vcpu.writeRegister('priv', 3n);
    vcpu.writeRegister('a0', 0n);
    vcpu.run(200);
    expect(read('a0')).toBe(300);
  });

  it.each(['dies', 'is dismissed'])('translates itself, later, when it %s', async (how) => {
    const { vcpu, background, dismiss, made, read } = await withBackground(LOOP);
    vcpu.run(200);
    await background.turn();
    expect(background.requests).toHaveLength(1);
    if (how === 'dies') background.die();
    else dismiss();
    expect(background.ended).toBe(true);
    await background.answer();
    expect(made()).toBe(0);
    vcpu.run(1000);
    expect(made()).toBe(0);
    vcpu.run(2000);
    expect(made()).toBe(1);
    expect(read('a0')).toBe(1600);
  });

  it('asks for no more than so many regions at a time', async () => {
    const loops = Array.from(
      { length: 100 },
      (_, number) =>
        `.balign 4096\nloop${number}: li a1, 40\nagain${number}: addi a1, a1, -1\n  bnez a1, again${number}\n  la t0, loop${(number + 1) % 100}\n  jr t0`,
    );
    const { vcpu, background, made } = await withBackground(`.option norvc\n${loops.join('\n')}`, { codePages: 128 });
    vcpu.run(100_000);
    await background.turn();
    expect(background.requests.length).toBe(64);
    await background.answer();
    vcpu.run(100_000);
    await background.answer();
    expect(made()).toBeGreaterThanOrEqual(100);
  });
});

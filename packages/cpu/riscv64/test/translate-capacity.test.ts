import { assemble } from '@vivarium/isa-riscv';
import { describe, expect, it } from 'vitest';
import { bareCore, RAM_BASE } from './bare-core.ts';
import { compiledModules } from './compiled-modules.ts';

const BODY = ['addi a0, a0, 3', 'xor a2, a2, a0', 'sd a2, 0(s0)', 'ld a3, 8(s0)', 'mul a4, a2, a0', 'add a3, a3, a4'];

/** A ring of pages with a loop in each; the way to the next goes through a register, so that regions stay apart. */
const ring = (pages: number, loops: number, repeat: number): string => {
  const names = Array.from({ length: pages * loops }, (_, number) => `loop${number}`);
  const code = names.map((name, number) => {
    const next = names[(number + 1) % names.length];
    const body = Array.from({ length: repeat }, () => BODY.join('\n  ')).join('\n  ');
    const align = number % loops === 0 ? '.balign 4096\n' : '';
    return `${align}${name}: li a1, 4\n${name}again:\n  ${body}\n  addi a1, a1, -1\n  bnez a1, ${name}again\n  la t0, ${next}\n  jr t0`;
  });
  return `.option norvc\n  la s0, data\n  la t0, loop0\n  jr t0\n.balign 4096\ndata: .dword 0, 0\n${code.join('\n')}`;
};

/** Runs a ring; gives the state at the end and the sizes of the regions that were made. */
const run = async (
  source: string,
  count: number,
  options: Readonly<Record<string, unknown>>,
): Promise<{ state: string; sizes: readonly number[] }> => {
  const { vcpu, memory } = await bareCore(source, {}, options);
  using compiled = compiledModules();
  expect(vcpu.run(count)).toEqual({ kind: 'budget' });
  const registers = vcpu.registerNames.map((name) => `${name} ${vcpu.readRegister(name)}`);
  const ram = Buffer.from(memory.read(RAM_BASE, 4096) as Uint8Array).toString('base64');
  return { state: [...registers, `retired ${vcpu.retired}`, ram].join('\n'), sizes: compiled.sizes };
};

const sum = (sizes: readonly number[]): number => sizes.reduce((total, size) => total + size, 0);

describe('translated code', () => {
  it('is dropped and made again when there is more than fits', async () => {
    const source = ring(40, 1, 10);
    const count = 100_000;
    const interpreted = await run(source, count, { translate: false });
    const roomy = await run(source, count, { hotJumps: 1 });
    const narrow = await run(source, count, { hotJumps: 1, translatedBytes: 65_536 });
    expect(interpreted.sizes).toEqual([]);
    expect(roomy.state).toBe(interpreted.state);
    expect(narrow.state).toBe(interpreted.state);
    expect(sum(roomy.sizes)).toBeGreaterThan(2 * 65_536);
    expect(narrow.sizes.length).toBeGreaterThan(2 * roomy.sizes.length);
  });

  it('is dropped together with the decoded code that it was made of', async () => {
    const source = ring(40, 1, 3);
    const count = 50_000;
    const interpreted = await run(source, count, { translate: false });
    const roomy = await run(source, count, { hotJumps: 1 });
    const narrow = await run(source, count, { hotJumps: 1, codePages: 16 });
    expect(roomy.state).toBe(interpreted.state);
    expect(narrow.state).toBe(interpreted.state);
    expect(narrow.sizes.length).toBeGreaterThan(2 * roomy.sizes.length);
  });

  it('may be more regions than the table holds at first', async () => {
    const source = ring(100, 4, 1);
    const count = 50_000;
    const interpreted = await run(source, count, { translate: false, codePages: 256 });
    const translated = await run(source, count, { hotJumps: 1, codePages: 256 });
    expect(translated.state).toBe(interpreted.state);
    expect(translated.sizes.length).toBeGreaterThan(300);
  });

  it('is made once', async () => {
    const source = ring(10, 2, 1);
    const short = await run(source, 10_000, { hotJumps: 1 });
    const long = await run(source, 200_000, { hotJumps: 1 });
    expect(long.sizes).toEqual(short.sizes);
  });

  it('stays when data right behind it changes', async () => {
    const source =
      '.option norvc\n  la t0, counter\nagain: ld a0, 0(t0)\n  addi a0, a0, 1\n  sd a0, 0(t0)\n  j again\ncounter: .dword 0';
    const interpreted = await run(source, 5000, { translate: false });
    const translated = await run(source, 5000, { hotJumps: 1 });
    expect(translated.state).toBe(interpreted.state);
    expect(translated.sizes.length).toBeLessThan(5);
  });

  it('needs as many jumps as the option says', async () => {
    const source = 'loop: addi a0, a0, 1\n  j loop';
    expect((await run(source, 10_000, { hotJumps: 10_000 })).sizes).toHaveLength(0);
    expect((await run(source, 30_000, { hotJumps: 10_000 })).sizes).toHaveLength(1);
    expect((await run(source, 30_000, { translate: false, hotJumps: 1 })).sizes).toHaveLength(0);
  });

  it('is dropped where invalidateCode says', async () => {
    const source = '.option norvc\nloop: addi a0, a0, 1\n  j loop';
    const { core, vcpu, memory, read } = await bareCore(source, {}, { hotJumps: 1 });
    vcpu.run(100);
    expect(read('a0')).toBe(50);
    // Behind everybody's back.
    new Uint8Array(memory.linear.buffer).set(assemble('.option norvc\naddi a0, a0, 2').bytes, memory.banks[0].offset);
    vcpu.run(100);
    expect(read('a0')).toBe(100);
    core.invalidateCode(RAM_BASE, 2);
    vcpu.run(100);
    expect(read('a0')).toBe(200);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BareCore, bareCore, RAM_BASE, toSupervisor } from './bare-core.ts';
import { compiledModules } from './compiled-modules.ts';
import { FakeBackground } from './fake-background.ts';
import { patches, supervisorProgram } from './supervisor-program.ts';

const INPUTS = ['ssip', 'msip', 'stip', 'mtip', 'seip', 'meip'];
const RAM = 1024 * 1024;

/** What happens between two slices. */
type Event =
  | { readonly kind: 'none' }
  | { readonly kind: 'input'; readonly name: string; readonly level: boolean }
  | { readonly kind: 'patch'; readonly line: number; readonly word: number };

interface Slice {
  readonly budget: number;
  /** Answers of the background thread that come before it. */
  readonly answers: number;
  readonly event: Event;
}

const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ kind: 'none' as const }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('input' as const),
      name: fc.constantFrom(...INPUTS),
      level: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('patch' as const), line: fc.nat(59), word: fc.constantFrom(...patches) }),
  },
);
const slice: fc.Arbitrary<Slice> = fc.record({
  budget: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 300 })),
  answers: fc.nat(3),
  event,
});

const happen = ({ vcpu, memory, symbols }: BareCore, { event: what }: Slice): void => {
  if (what.kind === 'input') vcpu.interruptInput(what.name)?.set(what.level);
  if (what.kind === 'patch') {
    const address = symbols.get(`line${what.line}`);
    if (address !== undefined) memory.write(Number(address), new Uint8Array(Uint32Array.of(what.word).buffer));
  }
};

const registers = ({ vcpu }: BareCore): string =>
  [
    `retired ${vcpu.retired}`,
    `attempted ${vcpu.attemptedInSlice}`,
    ...vcpu.registerNames.map((name) => `${name} ${vcpu.readRegister(name)?.toString(16)}`),
  ].join('\n');

const ram = ({ memory }: BareCore): Buffer => Buffer.from(memory.view(RAM_BASE, RAM) as Uint8Array);

/** Runs a program on both cores; gives the number of instructions. */
const lockstep = async (
  source: string,
  slices: readonly Slice[],
  options: Readonly<Record<string, unknown>>,
  background?: FakeBackground,
): Promise<number> => {
  const translated = await bareCore(source, {}, options);
  if (background !== undefined) translated.core.background?.(background.start);
  const interpreted = await bareCore(source, {}, { translate: false });
  for (const [number, part] of slices.entries()) {
    for (const core of [translated, interpreted]) happen(core, part);
    await background?.answer(part.answers);
    const exits = [translated.vcpu.run(part.budget), interpreted.vcpu.run(part.budget)];
    expect(exits[0], `exit of slice ${number}`).toEqual(exits[1]);
    expect(registers(translated), `registers after slice ${number}`).toEqual(registers(interpreted));
    // Byte by byte only when something differs.
    if (ram(translated).compare(ram(interpreted)) !== 0) expect(ram(translated)).toEqual(ram(interpreted));
  }
  return interpreted.vcpu.retired;
};

describe('translated code', () => {
  it('leaves the same state as interpreted code after every slice', { timeout: 120_000 }, async () => {
    using compiled = compiledModules();
    let retired = 0;
    let programs = 0;
    await fc.assert(
      fc.asyncProperty(
        supervisorProgram,
        fc.array(slice, { minLength: 10, maxLength: 60 }),
        fc.constantFrom(1, 1, 2, 5),
        async ({ source }, slices, hotJumps) => {
          retired += await lockstep(source, slices, { hotJumps });
          programs += 1;
        },
      ),
      // A failure is made small for a while, and then told.
      { numRuns: 110, interruptAfterTimeLimit: 60_000 },
    );
    expect(retired / programs).toBeGreaterThan(10_000 / 110);
    // Two interpreters a program, and regions. Busy machines do not get through all programs.
    expect(compiled.sizes.length / programs).toBeGreaterThan(1000 / 110);
  });

  it('does so when another thread translates, and code changes before that has answered', {
    timeout: 120_000,
  }, async () => {
    let made = 0;
    let late = 0;
    let programs = 0;
    await fc.assert(
      fc.asyncProperty(
        supervisorProgram,
        fc.array(slice, { minLength: 10, maxLength: 60 }),
        fc.constantFrom(1, 1, 2, 5),
        async ({ source }, slices, backgroundHotJumps) => {
          const background = new FakeBackground();
          await lockstep(source, slices, { backgroundHotJumps }, background);
          programs += 1;
          made += background.answered;
          if (slices.some(({ event: { kind } }) => kind === 'patch')) late += background.answered;
        },
      ),
      { numRuns: 60, interruptAfterTimeLimit: 60_000 },
    );
    expect(made / programs).toBeGreaterThan(300 / 60);
    expect(late / programs).toBeGreaterThan(100 / 60);
  });

  it('takes an interrupt that waited as soon as sstatus lets it', async () => {
    const source = `
.option norvc
  la t0, handler
  csrw stvec, t0
  li t0, 0x222
  csrw mideleg, t0
  csrw mie, t0
  ${toSupervisor('again')}
.balign 4
handler: csrr a1, sepc
  addi a2, a2, 1
  li t1, 0x100
  csrs sstatus, t1
  li t1, 0x20
  csrc sstatus, t1
  sret
again: li a3, 20
round: addi a0, a0, 1
  addi a3, a3, -1
  bnez a3, round
  csrsi sstatus, 2
  addi a0, a0, 1
allowed: csrci sstatus, 2
  j again`;
    const cores = [await bareCore(source, {}, { hotJumps: 1 }), await bareCore(source, {}, { translate: false })];
    const [{ vcpu, read, symbols }] = cores;
    for (let budget = 1; budget < 120; budget += 1) {
      for (const core of cores) {
        core.vcpu.interruptInput('seip')?.set(budget % 2 === 0);
        core.vcpu.run(budget);
      }
      expect(registers(cores[0]), `registers after slice ${budget}`).toBe(registers(cores[1]));
    }
    expect(read('a2')).toBeGreaterThan(20);
    expect(vcpu.readRegister('a1')).toBe((symbols.get('allowed') ?? 0n) - 4n);
  });
});

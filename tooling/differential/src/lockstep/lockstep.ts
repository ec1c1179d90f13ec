import type { VcpuExit } from '@vivarium/contracts';
import { Random } from '../random.ts';
import { LockstepMachine } from './machine.ts';
import { generate, type Program } from './program.ts';

/** Jumps after which code is translated: at once, mostly, and a little later, so that regions grow. */
const HOT_JUMPS = [1, 3] as const;

export interface Mismatch {
  readonly seed: number;
  readonly program: Program;
  readonly slice: number;
  /** Registers that differ, interpreted and translated; empty when only memory does. */
  readonly differences: readonly string[];
}

export interface LockstepResult {
  readonly programs: number;
  readonly regions: number;
  readonly instructions: number;
  readonly mismatch: Mismatch | undefined;
}

export interface LockstepLimits {
  readonly seed: number;
  readonly regions: number;
  readonly milliseconds: number;
}

/** What differs between two lists of registers. */
const differences = (interpreted: readonly string[], translated: readonly string[]): readonly string[] =>
  interpreted.flatMap((line, number) => (line === translated[number] ? [] : [`${line} / ${translated[number]}`]));

const exitLine = (exit: VcpuExit): string => `exit ${exit.kind === 'fault' ? exit.fault.message : exit.kind}`;

/** Runs one program on both; gives the first slice after which they differ. */
const compare = (
  interpreted: LockstepMachine,
  translated: LockstepMachine,
  program: Program,
): Omit<Mismatch, 'seed' | 'program'> | undefined => {
  for (const machine of [interpreted, translated]) machine.load(program);
  for (const [slice, { budget, event }] of program.slices.entries()) {
    const exits = [interpreted, translated].map((machine) => {
      machine.happen(event);
      return machine.run(budget);
    });
    const found = differences(
      [...interpreted.registers(), exitLine(exits[0])],
      [...translated.registers(), exitLine(exits[1])],
    );
    if (found.length > 0 || interpreted.ram.compare(translated.ram) !== 0) return { slice, differences: found };
    if (exits[0]?.kind === 'fault') return undefined;
  }
  return undefined;
};

/** Runs generated programs until there were enough regions, time is over, or something differs. */
export const lockstep = async (
  limits: LockstepLimits,
  progress: (result: LockstepResult) => void = () => {},
): Promise<LockstepResult> => {
  await using interpreted = await LockstepMachine.create({ translate: false });
  await using first = await LockstepMachine.create({ hotJumps: HOT_JUMPS[0] });
  await using second = await LockstepMachine.create({ hotJumps: HOT_JUMPS[1] });
  const end = performance.now() + limits.milliseconds;
  const regions = (): number => first.regions + second.regions;
  let programs = 0;
  let instructions = 0;
  const result = (mismatch?: Mismatch): LockstepResult => ({
    programs,
    regions: regions(),
    instructions,
    mismatch,
  });
  while (regions() < limits.regions && performance.now() < end) {
    const seed = limits.seed + programs;
    const program = generate(new Random(seed));
    const found = compare(interpreted, programs % 4 === 3 ? second : first, program);
    programs += 1;
    instructions += interpreted.retired;
    if (found !== undefined) return result({ seed, program, ...found });
    if (programs % 500 === 0) progress(result());
  }
  return result();
};

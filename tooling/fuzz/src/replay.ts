import { readFileSync } from 'node:fs';
import { describeError } from './engine/finding.ts';
import { parseProgram, type Program } from './engine/program.ts';
import { loadTarget } from './targets/targets.ts';

const fieldOf = (text: string, name: string): string | undefined => new RegExp(`^${name}: (.*)$`, 'm').exec(text)?.[1];

/** The target and the input of a file that a finding was written to. */
export const readFinding = (file: string): { readonly target: string; readonly program: Program } => {
  const text = readFileSync(file, 'utf8');
  const target = fieldOf(text, 'target');
  const program = parseProgram(fieldOf(text, 'program') ?? '');
  if (target === undefined || program === undefined)
    throw new Error(`${file} has no finding: a line "target:" and a line "program:"`);
  return { target, program };
};

/** Runs an input and prints each behaviour. Returns whether everything held. */
export const replay = async (file: string, print: (line: string) => void): Promise<boolean> => {
  const { target: name, program } = readFinding(file);
  const target = await loadTarget(name);
  if (target === undefined) throw new Error(`there is no target ${name}`);
  print(`${name}, ${program.length} actions`);
  try {
    await target.run(program, (behaviour) => print(`  ${behaviour}`));
    print('everything held');
    return true;
  } catch (error) {
    print(describeError(error));
    return false;
  }
};

import { spawn } from 'node:child_process';

/** A part of a session: what is typed, and what must be seen of it. */
export interface Step {
  readonly title: string;
  readonly commands: readonly string[];
  /** Each must match the output of the commands. */
  readonly expect: readonly RegExp[];
}

/** What GDB printed for a step. */
export interface StepOutput {
  readonly step: Step;
  readonly text: string;
}

const MARK = '@@@';
const PROGRAM = 'gdb-multiarch';
const PREPARATION = ['set pagination off', 'set confirm off', 'set width 0', 'set tcp connect-timeout 10'];

/** Runs GDB in batch mode through the steps. A command that fails says so in the output, and the next one is run. */
export const runGdb = async (
  steps: readonly Step[],
  file: string | undefined,
  seconds: number,
): Promise<StepOutput[]> => {
  const commands = steps.flatMap(({ commands: typed }, index) => [`echo \\n${MARK}${index}\\n`, ...typed]);
  const args = [
    '-nx',
    '-batch',
    ...[...PREPARATION, ...commands].flatMap((command) => ['-ex', command]),
    ...(file === undefined ? [] : [file]),
  ];
  const output = await run(args, seconds);
  const pieces = output.split(new RegExp(`^${MARK}\\d+$`, 'm')).slice(1);
  return steps.map((step, index) => ({ step, text: pieces[index] ?? `GDB ended before this:\n${output}` }));
};

const run = (args: readonly string[], seconds: number): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn(PROGRAM, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const gather = (bytes: Buffer): void => {
      output += bytes.toString();
    };
    child.stdout.on('data', gather);
    child.stderr.on('data', gather);
    child.on('error', (cause) => reject(new Error(`${PROGRAM} is needed (Debian: gdb-multiarch)`, { cause })));
    const timer = setTimeout(() => child.kill('SIGKILL'), seconds * 1000);
    child.on('close', () => {
      clearTimeout(timer);
      resolve(output);
    });
  });

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, join, relative } from 'node:path';
import type { Step } from './guide.ts';
import type { Stranger } from './stranger.ts';

/** Told of each step before it is done. */
export type Narrator = (what: string) => void;

const describe = (step: Step): string => {
  switch (step.kind) {
    case 'run':
      return step.script.trimEnd().replaceAll('\n', '\n  ');
    case 'see':
      return `→ ${step.output.trimEnd().replaceAll('\n', '\n  ')}`;
    case 'write':
      return `write ${step.file}`;
  }
};

/**
 * Does the steps of a guide in order, as its reader would. Returns the folder where that ended. Rejects at the first
 * command that fails, and at the first output that is not what the guide says.
 */
export const followGuide = async (
  stranger: Stranger,
  steps: readonly Step[],
  narrate: Narrator = () => {},
): Promise<string> => {
  let cwd = stranger.folder;
  let printed = '';
  for (const step of steps) {
    narrate(describe(step));
    switch (step.kind) {
      case 'run': {
        const { status, stdout, stderr, cwd: now } = await stranger.run(step.script, cwd);
        if (status !== 0) throw new Error(`line ${step.line} exits with ${status}:\n${step.script}${stdout}${stderr}`);
        cwd = now;
        printed = stdout;
        break;
      }
      case 'see':
        if (printed.trimEnd() !== step.output.trimEnd())
          throw new Error(`line ${step.line}: the guide says\n${step.output}and this was printed:\n${printed}`);
        break;
      case 'write': {
        const path = join(cwd, step.file);
        if (isAbsolute(step.file) || relative(stranger.folder, path).startsWith('..'))
          throw new Error(`line ${step.line}: ${step.file} is outside of the reader's folder`);
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, step.text);
        break;
      }
    }
  }
  return cwd;
};

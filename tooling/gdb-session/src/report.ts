import type { StepOutput } from './gdb.ts';

/** One thing that a session has shown, or not. */
export interface Check {
  readonly title: string;
  /** Why it failed; undefined: it held. */
  readonly failure?: string;
}

/** Checks steps by what GDB printed. */
export const checkSteps = (session: string, outputs: readonly StepOutput[]): readonly Check[] =>
  outputs.map(({ step, text }) => {
    const missing = step.expect.filter((pattern) => !pattern.test(text));
    const title = `${session}: ${step.title}`;
    return missing.length === 0 ? { title } : { title, failure: `no ${missing.join(' and no ')} in:\n${text}` };
  });

export const check = (title: string, holds: boolean, failure: string): Check =>
  holds ? { title } : { title, failure };

export const line = ({ title, failure }: Check): string =>
  failure === undefined ? `PASS ${title}` : `FAIL ${title}\n${failure.replace(/^/gm, '  | ')}`;

import { createHash } from 'node:crypto';
import { formatProgram, type Program } from './program.ts';

/** An input after which something did not hold. */
export interface Finding {
  readonly target: string;
  /** `throw`: a condition, or a bug that threw; `hang`: it did not end; `memory`: it took all there was. */
  readonly kind: 'throw' | 'hang' | 'memory';
  readonly message: string;
  readonly program: Program;
}

/** Without what differs between two runs into the same bug. */
const plain = (text: string): string => text.replaceAll(/0x[0-9a-f]+|\d+/gi, 'N');

/** Where an error comes from: the topmost line of code of ours. */
const origin = (error: Error): string =>
  error.stack?.split('\n').find((line) => line.includes('/packages/') && !line.includes('/testkit/')) ?? '';

/** Two findings with the same fingerprint have the same cause, most likely. */
export const fingerprint = (error: unknown): string =>
  error instanceof Error ? plain(`${error.name}: ${error.message}${origin(error)}`) : plain(String(error));

export const describeError = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const details = 'details' in error ? ` ${JSON.stringify(error.details)}` : '';
  const cause = error.cause === undefined ? '' : `\ncaused by ${describeError(error.cause)}`;
  return `${error.stack ?? String(error)}${details}${cause}`;
};

/** Name of the file of a finding. */
export const nameOf = ({ target, program }: Finding): string =>
  `${target}-${createHash('sha256').update(formatProgram(program)).digest('hex').slice(0, 12)}.txt`;

/** A file with the finding, which `--replay` reads. */
export const formatFinding = ({ target, kind, message, program }: Finding): string =>
  [
    `# ${kind}: ${message.replaceAll('\n', '\n# ')}`,
    `target: ${target}`,
    `program: ${formatProgram(program)}`,
    '',
  ].join('\n');

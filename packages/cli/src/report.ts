import { isVivariumError, type VivariumError } from '@vivarium/contracts';
import { errors } from './errors.ts';
import { ExitCode, signalExitCode } from './exit-code.ts';

/**
 * Any thrown value as an error with a code. When a part failed in a hook with a coded error of its own, that is the
 * one that says what is wrong: an image that does not fit, rather than a firmware that failed to reset.
 */
export const coded = (error: unknown): VivariumError => {
  if (isVivariumError(error)) {
    return error.code === 'VIV_PLUGIN_HOOK_FAILED' && isVivariumError(error.cause) ? error.cause : error;
  }
  const message = error instanceof Error ? error.message : String(error);
  return errors.make('VIV_INTERNAL', message, { cause: error });
};

export const exitCodeOf = (error: VivariumError): number => {
  const usage = error.code === 'VIV_USAGE' || error.code === 'VIV_EXEC_GUEST' || error.code.startsWith('VIV_BOARD_');
  if (error.code === 'VIV_GUEST_CANCELLED') return signalExitCode('SIGINT');
  return usage ? ExitCode.usage : ExitCode.error;
};

const causes = (error: unknown): string => {
  const lines: string[] = [];
  for (let cause = error; cause instanceof Error && lines.length < 8; cause = cause.cause) {
    lines.push(cause.stack ?? cause.message);
  }
  return lines.map((line) => `${line}\n`).join('caused by: ');
};

/** The lines for people: code, message, hint, and with `verbose` the stacks down to the first cause. */
export const errorText = (error: VivariumError, verbose: boolean): string => {
  const hint = error.hint === undefined ? '' : `  hint: ${error.hint}\n`;
  return `viv: ${error.code}: ${error.message}\n${hint}${verbose ? causes(error) : ''}`;
};

/** JSON cannot carry everything that facts may hold. */
const plain = (_key: string, value: unknown): unknown => {
  if (typeof value === 'bigint') return `0x${value.toString(16)}`;
  if (value instanceof Error) return value.message;
  return value;
};

/** One line of JSON. */
export const jsonLine = (value: unknown): string => `${JSON.stringify(value, plain)}\n`;

/** The shape of an error in `--json`. */
export const errorObject = (error: VivariumError): Record<string, unknown> => ({
  code: error.code,
  message: error.message,
  hint: error.hint,
  details: error.details,
});

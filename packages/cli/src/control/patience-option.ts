import type { OptionRow } from '../option-table.ts';
import { secondsOf } from './command.ts';

const LONGEST = 600;

/** How long a guest has to do its part of a change. */
export const patienceOption = {
  wait: { type: 'string', value: 'SECONDS', help: 'How long the guest has to do its part (default 30)' },
} as const satisfies Readonly<Record<string, OptionRow>>;

/** The field of the input that it means. Throws `VIV_USAGE`. */
export const patienceOf = (wait: string | undefined): { readonly timeout?: number } =>
  wait === undefined ? {} : { timeout: secondsOf('wait', wait, LONGEST) };

import { errors } from '../errors.ts';
import type { OptionRow } from '../option-table.ts';
import { wholeNumber } from '../arguments/whole-number.ts';

const MOST_WEIGHT = 10_000;
const MOST_CAP = 102_400;

/** What a machine is to have of the pCPUs. */
export const entitlementOptions = {
  weight: { type: 'string', value: 'N', help: 'Share of CPU against the weights of others, 1 to 10000 (default 256)' },
  cap: { type: 'string', value: 'PERCENT', help: 'Most CPU for all its vCPUs, in percent of one pCPU; none: no cap' },
} as const satisfies Readonly<Record<string, OptionRow>>;

/** Fields of the input that the options mean. Throws `VIV_USAGE`. */
export const entitlementOf = ({
  weight,
  cap,
}: {
  readonly weight?: string | undefined;
  readonly cap?: string | undefined;
}): { readonly weight?: number; readonly cap?: number | null } => ({
  ...(weight === undefined ? {} : { weight: wholeNumber('weight', weight, 1, MOST_WEIGHT) }),
  ...(cap === undefined ? {} : { cap: capOf(cap) }),
});

const capOf = (text: string): number | null => {
  if (text === 'none') return null;
  const percent = text.replace(/%$/, '');
  if (!/^\d+$/.test(percent)) throw errors.make('VIV_USAGE', `--cap takes a percentage or none, not '${text}'`);
  return wholeNumber('cap', percent, 1, MOST_CAP);
};

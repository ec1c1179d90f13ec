import { isVivariumError } from '@vivarium/contracts';
import { errors } from './errors.ts';

/** What a part of a machine threw, with a code: its own, or `VIV_CELL_PART_THREW`. */
export const partError = (machine: string, error: unknown): Error => {
  if (isVivariumError(error)) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return errors.make('VIV_CELL_PART_THREW', `a part of machine ${machine} threw: ${reason}`, { cause: error });
};

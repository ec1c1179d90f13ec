import type { StateCodec } from '@vivarium/contracts';
import * as z from 'zod';
import { errors } from './errors.ts';
import { PRIORITY_MASK } from './registers.ts';

const words = z.array(z.int().min(0).max(0xffff_ffff)).readonly();
const priorities = z.array(z.int().min(0).max(PRIORITY_MASK)).readonly();

const plicState = z.strictObject({
  priority: priorities,
  pending: words,
  claimed: words,
  enable: words,
  threshold: priorities,
});

/** Registers of the PLIC; bitmaps are lists of 32-bit words. */
export type PlicState = z.infer<typeof plicState>;

/** The part of the PLIC that its codec needs. */
interface Stateful {
  capture(): PlicState;
  adopt(state: PlicState): boolean;
  reset(): void;
}

/** Saves and restores a PLIC; what it restores is untrusted and checked field by field. */
export const plicStateCodec = (plic: Stateful): StateCodec => ({
  schema: 'plic',
  version: 1,
  save: () => plic.capture(),
  restore: (state, fromVersion) => {
    const parsed = plicState.safeParse(state);
    if (fromVersion === 1 && parsed.success && plic.adopt(parsed.data)) return;
    plic.reset();
    const reason =
      fromVersion !== 1
        ? `it has version ${fromVersion}, this PLIC reads 1`
        : parsed.success
          ? 'it is of a PLIC with other sources or contexts'
          : z.prettifyError(parsed.error);
    throw errors.make('VIV_PLIC_STATE', `PLIC state refused: ${reason}`, { cause: parsed.error });
  },
});

import type { StateCodec } from '@vivarium/contracts';
import * as z from 'zod';
import { errors } from './errors.ts';

const uint64 = z
  .bigint()
  .min(0n)
  .max(2n ** 64n - 1n);

const aclintState = z.strictObject({
  msip: z.array(z.int().min(0).max(1)).readonly(),
  mtimecmp: z.array(uint64).readonly(),
  mtime: uint64,
});

/** Registers of the ACLINT; the lists are by hart. */
export type AclintState = z.infer<typeof aclintState>;

/** The part of the ACLINT that its codec needs. */
interface Stateful {
  capture(): AclintState;
  adopt(state: AclintState): boolean;
  reset(): void;
}

/** Saves and restores an ACLINT; what it restores is untrusted and checked field by field. */
export const aclintStateCodec = (aclint: Stateful): StateCodec => ({
  schema: 'aclint',
  version: 1,
  save: () => aclint.capture(),
  restore: (state, fromVersion) => {
    const parsed = aclintState.safeParse(state);
    if (fromVersion === 1 && parsed.success && aclint.adopt(parsed.data)) return;
    aclint.reset();
    const reason =
      fromVersion !== 1
        ? `it has version ${fromVersion}, this ACLINT reads 1`
        : parsed.success
          ? 'it is of a machine with another number of vCPUs'
          : z.prettifyError(parsed.error);
    throw errors.make('VIV_ACLINT_STATE', `ACLINT state refused: ${reason}`, { cause: parsed.error });
  },
});

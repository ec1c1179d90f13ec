import type { StateCodec } from '@vivarium/contracts';
import * as z from 'zod';
import { errors } from './errors.ts';
import type { ImsicFile } from './interrupt-file.ts';
import { MAX_IDENTITIES } from './registers.ts';

const words = z.array(z.int().min(0).max(0xffff_ffff)).readonly();

const imsicState = z.strictObject({
  files: z
    .array(
      z.strictObject({
        delivery: z.int().min(0).max(1),
        threshold: z.int().min(0).max(MAX_IDENTITIES),
        pending: words,
        enabled: words,
      }),
    )
    .readonly(),
});

/** Saves and restores the files of a level; what it restores is untrusted and checked field by field. */
export const imsicStateCodec = (files: readonly ImsicFile[]): StateCodec => ({
  schema: 'imsic',
  version: 1,
  save: () => ({ files: files.map((file) => ({ ...file.capture() })) }),
  restore: (state, fromVersion) => {
    const parsed = imsicState.safeParse(state);
    const saved = parsed.data?.files ?? [];
    const fits = saved.length === files.length && saved.every((one, index) => files[index]?.accepts(one));
    if (fromVersion === 1 && parsed.success && fits) {
      for (const [index, one] of saved.entries()) files[index]?.adopt(one);
      return;
    }
    for (const file of files) file.reset();
    const reason =
      fromVersion !== 1
        ? `it has version ${fromVersion}, these read 1`
        : parsed.success
          ? 'it is of other vCPUs or identities'
          : z.prettifyError(parsed.error);
    throw errors.make('VIV_IMSIC_STATE', `interrupt file state refused: ${reason}`, { cause: parsed.error });
  },
});

import * as z from 'zod';

const limit = z.strictObject({
  /** Units a second. */
  rate: z.int().min(1),
  /** Units that may be saved up. */
  burst: z.int().min(1),
  /** Units besides, once. */
  once: z.int().min(0).exactOptional(),
});

/** Options of a plugin for `TransferLimits`. */
export const transferLimits = z.strictObject({ bytes: limit.exactOptional(), operations: limit.exactOptional() });

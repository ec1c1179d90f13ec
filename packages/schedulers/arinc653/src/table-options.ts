import * as z from 'zod';
import { errors } from './errors.ts';
import { MOST_WINDOWS, problemOf } from './schedule-table.ts';

/** An hour: what is longer is a mistake. */
const LONGEST_FRAME = 3_600_000_000_000;

const duration = z.int().min(1).max(LONGEST_FRAME);

/** Options of the scheduler, and what `configure` takes. Times are nanoseconds. */
export const arinc653Options = z
  .strictObject({
    majorFrame: duration.default(10_000_000),
    /** One after the other from the start of the frame; the rest of it, and windows without a domain, are idle. */
    windows: z
      .array(z.strictObject({ domain: z.string().min(1).optional(), duration }))
      .max(MOST_WINDOWS)
      .default([]),
    /** After which vCPUs of one partition take turns, if it has more of them than pCPUs. */
    turn: z.int().min(100_000).max(LONGEST_FRAME).default(1_000_000),
  })
  .refine((table) => problemOf(table) === undefined, {
    message: 'the windows take longer than the major frame',
    path: ['windows'],
  })
  .prefault({});

/** Throws `VIV_ARINC653_TABLE` for what is none. */
export const parseTable = (options: unknown): z.infer<typeof arinc653Options> => {
  const parsed = arinc653Options.safeParse(options);
  if (parsed.success) return parsed.data;
  throw errors.make('VIV_ARINC653_TABLE', `this is no table: ${z.prettifyError(parsed.error)}`);
};

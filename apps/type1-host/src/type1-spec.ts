import type { Scheduler } from '@vivarium/contracts';
import { hostSpec } from '@vivarium/host-spec';
import { Credit2 } from '@vivarium/scheduler-credit2';
import { Eevdf } from '@vivarium/scheduler-eevdf';
import { Null } from '@vivarium/scheduler-null';
import { Rtds } from '@vivarium/scheduler-rtds';
import * as z from 'zod';

/** Those that need to know nothing but their guests. */
export const SCHEDULERS = {
  eevdf: (): Scheduler => new Eevdf(),
  credit2: (): Scheduler => new Credit2({ rateLimit: 1_000_000, pcpusPerQueue: 16 }),
  rtds: (): Scheduler => new Rtds(),
  null: (): Scheduler => new Null(),
} as const;

const NAMES = Object.keys(SCHEDULERS) as (keyof typeof SCHEDULERS)[];

/** What the file of a type 1 host says: guests, one of which manages the host. */
export const type1Spec = hostSpec
  .extend({ scheduler: z.enum(NAMES).default('eevdf') })
  .superRefine(({ guests }, context) => {
    if (guests.some(({ management, autostart }) => management !== undefined && autostart)) return;
    const message = 'one of them has `management` and starts by itself: the control domain';
    context.addIssue({ code: 'custom', path: ['guests'], message });
  });

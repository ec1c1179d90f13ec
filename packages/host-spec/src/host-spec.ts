import { operations } from '@vivarium/control';
import * as z from 'zod';

const { name, weight, cap, restart, limits, management } = operations.create.input.shape;

/** A guest of a host. */
export const guestSpec = z.strictObject({
  name,
  /** For the template: the arguments of `viv run`, such as `[debian, --memory, 128M]`. */
  run: z.array(z.string().max(4096)).min(1).max(256),
  weight,
  cap,
  restart,
  limits,
  /** What it may do with this host. */
  management,
  /** Start it with the host. */
  autostart: z.boolean().default(true),
});
export type GuestSpec = z.output<typeof guestSpec>;

/** What a file says: extend it by fields of your own. */
export const hostSpec = z.strictObject({
  /** pCPUs for guests. Default: all that the computer has. */
  pcpus: z.int().min(1).max(256).optional(),
  /** MiB for guests. Default: three quarters of the computer's. */
  memory: z.int().min(16).optional(),
  guests: z
    .array(guestSpec)
    .min(1)
    .max(256)
    .superRefine((guests, context) => {
      for (const [index, guest] of guests.entries()) {
        if (guests.findIndex((other) => other.name === guest.name) === index) continue;
        context.addIssue({ code: 'custom', path: [index, 'name'], message: `another guest is ${guest.name}, too` });
      }
    }),
});
export type HostSpec = z.output<typeof hostSpec>;

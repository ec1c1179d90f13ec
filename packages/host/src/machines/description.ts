import * as z from 'zod';
import { recipeSchema } from '../cells/messages.ts';
import { errors } from '../errors.ts';

const MOST_MIB = 1 << 24;
/** JSON text of a recipe's options. */
const LARGEST_OPTIONS = 1 << 20;

const mib = z.int().min(1).max(MOST_MIB);
const claim = z.strictObject({
  shares: z.int().min(1),
  reservation: z.int().min(0).optional(),
  limit: z.int().min(0).optional(),
});

/** A machine as its owner describes it: plain JSON, so that it can come by a request and be kept in a file. */
export const machineDescription = z.strictObject({
  /** Unique on its host. */
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'letters, digits and . _ -, at most 64'),
  /** One of the kinds of cells that the host has. */
  cell: z.string().min(1).max(64),
  recipe: recipeSchema.strict(),
  /** What a guest's reboot request does. */
  onReboot: z.enum(['reset', 'stop']).optional(),
  /** When it starts again by itself; the host's policy decides how. */
  restart: z.enum(['never', 'on-failure', 'always']).optional(),
  /** Runs guest code only while its `lease` is granted. */
  leased: z.boolean().optional(),
  /** Its pages may be taken where memory is short, and so many MiB of them written to a swap file; default none. */
  overcommit: z.strictObject({ swap: z.int().min(0).max(MOST_MIB).optional() }).optional(),
  limits: z
    .strictObject({
      heap: mib.min(16).optional(),
      data: mib.optional(),
      addressSpace: mib.optional(),
      files: z.int().min(32).max(1_048_576).optional(),
      processes: z.int().min(1).max(4_194_304).optional(),
    })
    .optional(),
  /** Absolute paths of files and folders that it writes to: what process cells are allowed besides their own folder. */
  writable: z.array(z.string().startsWith('/').max(4096)).max(64).optional(),
  /** For the host's admission policy; shares of CPU and memory default to 1000. */
  claims: z
    .strictObject({
      cpu: claim.optional(),
      memory: claim.extend({ overhead: z.int().min(0).optional() }).optional(),
      salt: z.string().max(128).optional(),
    })
    .optional(),
});

export type MachineDescription = z.infer<typeof machineDescription>;

/** Throws `VIV_HOST_DESCRIPTION`, which names the field. */
export const parseDescription = (value: unknown): MachineDescription => {
  const { data, error } = machineDescription.safeParse(value);
  if (data === undefined) {
    const [issue] = error.issues;
    const path = issue?.path.join('.') ?? '';
    throw errors.make('VIV_HOST_DESCRIPTION', `${path === '' ? 'the description' : path}: ${issue?.message}`, {
      details: { path },
    });
  }
  const size = (JSON.stringify(data.recipe.options) ?? '').length;
  if (size > LARGEST_OPTIONS) {
    throw errors.make('VIV_HOST_DESCRIPTION', `recipe.options: ${size} characters are more than ${LARGEST_OPTIONS}`);
  }
  return data;
};

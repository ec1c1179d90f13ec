import type { StateCodec } from '@vivarium/contracts';
import * as z from 'zod';
import { errors } from './errors.ts';

const word = z.int().min(0).max(0xffff_ffff);
const words = z.array(word).readonly();

const domainState = z.strictObject({
  interruptEnable: z.boolean(),
  wires: words,
  implemented: words,
  config: z.array(z.int().min(0).max(0xffff)).readonly(),
  pending: words,
  enabled: words,
  target: words,
  delivery: z.array(words).readonly(),
});

/** Registers of a domain; bitmaps are lists of 32-bit words. */
export type DomainState = z.infer<typeof domainState>;

/** The part of a domain that its codec needs. */
interface Stateful {
  capture(): DomainState;
  adopt(state: DomainState): boolean;
  reset(): void;
}

/** Saves and restores a domain; what it restores is untrusted and checked field by field. */
export const domainStateCodec = (domain: Stateful): StateCodec => ({
  schema: 'aplic',
  version: 1,
  save: () => domain.capture(),
  restore: (state, fromVersion) => {
    const parsed = domainState.safeParse(state);
    if (fromVersion === 1 && parsed.success && domain.adopt(parsed.data)) return;
    domain.reset();
    const reason =
      fromVersion !== 1
        ? `it has version ${fromVersion}, this APLIC reads 1`
        : parsed.success
          ? 'it is of a domain with other sources, vCPUs or delivery'
          : z.prettifyError(parsed.error);
    throw errors.make('VIV_APLIC_STATE', `state of an APLIC domain refused: ${reason}`, { cause: parsed.error });
  },
});

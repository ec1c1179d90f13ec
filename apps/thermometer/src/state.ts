import { defineErrors, type StateCodec } from '@vivarium/contracts';
import * as z from 'zod';

const errors = defineErrors({
  VIV_THERMOMETER_STATE: {
    when: 'A snapshot holds something for a thermometer that is no state of one.',
    hint: 'Take the snapshot again; this one was changed or comes from another device.',
  },
});

/** All errors of this package. */
export const errorTable = errors.table;

const thermometerState = z.strictObject({
  temperature: z.int32(),
  threshold: z.int32(),
  alarm: z.boolean(),
  enabled: z.boolean(),
});

/** Registers of the thermometer. */
export type ThermometerState = z.infer<typeof thermometerState>;

/** The part of the thermometer that its codec needs. */
interface Stateful {
  capture(): ThermometerState;
  adopt(state: ThermometerState): void;
  reset(): void;
}

/** Saves and restores a thermometer; what it restores is untrusted and checked field by field. */
export const thermometerStateCodec = (thermometer: Stateful): StateCodec => ({
  schema: 'thermometer',
  version: 1,
  save: () => thermometer.capture(),
  restore: (state, fromVersion) => {
    const parsed = thermometerState.safeParse(state);
    if (fromVersion === 1 && parsed.success) {
      thermometer.adopt(parsed.data);
      return;
    }
    thermometer.reset();
    const reason = parsed.success ? `it has version ${fromVersion}, this one reads 1` : z.prettifyError(parsed.error);
    throw errors.make('VIV_THERMOMETER_STATE', `thermometer state refused: ${reason}`, { cause: parsed.error });
  },
});

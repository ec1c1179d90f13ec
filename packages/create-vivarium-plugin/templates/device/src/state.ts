import { defineErrors, type StateCodec } from '@vivarium/contracts';
import * as z from 'zod';

const errors = defineErrors({
  VIV_SAMPLE_DEVICE_STATE: {
    when: 'A snapshot holds something for this device that is no state of it.',
    hint: 'Take the snapshot again; this one was changed or comes from another device.',
  },
});

/** All errors of this package. */
export const errorTable = errors.table;

const counterState = z.strictObject({
  count: z.uint32(),
  limit: z.uint32(),
  reached: z.boolean(),
  enabled: z.boolean(),
});

/** Registers of the counter. */
export type CounterState = z.infer<typeof counterState>;

/** The part of the device that its codec needs. */
interface Stateful {
  capture(): CounterState;
  adopt(state: CounterState): void;
  reset(): void;
}

/** Saves and restores the device, so that machines with it can be snapshotted. What comes back is untrusted. */
export const stateCodec = (device: Stateful): StateCodec => ({
  schema: 'sample-device',
  version: 1,
  save: () => device.capture(),
  restore: (state, fromVersion) => {
    const parsed = counterState.safeParse(state);
    if (fromVersion === 1 && parsed.success) {
      device.adopt(parsed.data);
      return;
    }
    device.reset();
    const reason = parsed.success ? `it has version ${fromVersion}, not 1` : z.prettifyError(parsed.error);
    const problem = `state refused: ${reason}`;
    throw errors.make('VIV_SAMPLE_DEVICE_STATE', problem, { cause: parsed.error });
  },
});

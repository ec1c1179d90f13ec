/**
 * A device of one's own: a thermometer with an alarm, as somebody outside of the project would write it. It knows the
 * contracts and nothing else of Vivarium. Its "datasheet" is in the README, which walks through the code.
 *
 * @example
 * import thermometer from 'vivarium-thermometer';
 *
 * const part = {
 *   id: 'thermometer', plugin: thermometer,
 *   options: { millidegrees: 36_600 },
 *   regions: { registers: 0x0400_0000 },
 *   interrupts: { alarm: { controller: 'plic', line: 20 } },
 * };
 *
 * @module
 */
import { bind, CONTRACTS_MAJOR, DeviceToken, defineToken, definePlugin, type Token } from '@vivarium/contracts';
import * as z from 'zod';
import { Thermometer } from './thermometer.ts';

/** What host code may do to the thermometer while the machine runs. */
export interface Probe {
  /** Thousandths of a degree Celsius; rounded and kept within 32 bits. */
  millidegrees: number;
}

/** The thermometer's probe, for host code: `machine.get(ProbeToken).millidegrees = 40_000`. */
export const ProbeToken: Token<Probe> = defineToken('vivarium-thermometer/probe', 1);

/** Options of the thermometer. */
export const thermometerOptions = z.strictObject({
  /** Temperature at power-on in thousandths of a degree Celsius, from absolute zero up. */
  millidegrees: z.int().min(-273_150).max(2_000_000).default(21_000),
});

/** The plugin. */
export const thermometer = definePlugin<z.infer<typeof thermometerOptions>>({
  name: 'vivarium-thermometer',
  version: '1.0.0',
  api: CONTRACTS_MAJOR,
  summary: 'a thermometer with an alarm',
  provides: [DeviceToken, ProbeToken],
  grants: ['interrupts'],
  options: thermometerOptions,
  setup: ({ options, grants }) => {
    const device = new Thermometer(options.millidegrees, grants.interrupt('alarm'));
    return { provides: [bind(DeviceToken, device), bind(ProbeToken, device)] };
  },
});

export default thermometer;
export { errorTable } from './state.ts';
export { Thermometer } from './thermometer.ts';

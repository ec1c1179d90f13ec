/**
 * A machine's clock that the machine itself drives: time is the number of retired instructions, so a run is a pure
 * function of its inputs and two runs of one guest agree in every time stamp. The run loop moves it through
 * `clock.virtual`; host time never enters.
 *
 * Contract: `Clock` and `VirtualTime` in `@vivarium/contracts`.
 *
 * @example
 * import { virtualClock } from '@vivarium/clock-virtual';
 *
 * const machine = {
 *   name: 'box',
 *   parts: [{ id: 'clock', plugin: virtualClock, options: { nanosecondsPerInstruction: 2, epoch: '2030-01-01T00:00:00Z' } }],
 * };
 *
 * @module
 */
import { bind, CONTRACTS_MAJOR, ClockToken, definePlugin } from '@vivarium/contracts';
import * as z from 'zod';
import { VirtualClock } from './virtual-clock.ts';

const NANOSECONDS_PER_MILLISECOND = 1_000_000n;

/** Options of the virtual clock. */
export const virtualClockOptions = z
  .strictObject({
    /** Nanoseconds that one retired instruction takes: 10 is a machine of 100 MIPS. */
    nanosecondsPerInstruction: z.int().min(1).max(1_000_000).default(10),
    /** Wall-clock time at power-on: an ISO 8601 date and time with `Z` or an offset, not before 1970. */
    epoch: z.iso
      .datetime({ offset: true })
      .refine((text) => Date.parse(text) >= 0, 'must not be before 1970')
      .default('2026-01-01T00:00:00Z'),
  })
  .prefault({});

/** The plugin. */
export const virtualClock = definePlugin<z.infer<typeof virtualClockOptions>>({
  name: '@vivarium/clock-virtual',
  version: '0.1.0',
  api: CONTRACTS_MAJOR,
  summary: 'clock that counts retired instructions, for deterministic runs',
  provides: [ClockToken],
  options: virtualClockOptions,
  setup: ({ options }) => {
    const clock = new VirtualClock({
      nanosecondsPerInstruction: options.nanosecondsPerInstruction,
      epoch: BigInt(Date.parse(options.epoch)) * NANOSECONDS_PER_MILLISECOND,
    });
    return { provides: [bind(ClockToken, clock)] };
  },
});

export default virtualClock;
export { VirtualClock, type VirtualClockSettings } from './virtual-clock.ts';

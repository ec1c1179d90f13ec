/**
 * A machine's clock that follows the host: nanoseconds of `performance.now()` since power-on, standing still while
 * the machine is paused or not yet started. Its epoch is the host's wall-clock time at power-on, taken again at each
 * reset. It takes no options.
 *
 * Contract: `Clock` in `@vivarium/contracts`. Time source: High Resolution Time, https://www.w3.org/TR/hr-time-3/.
 *
 * @example
 * import { realClock } from '@vivarium/clock-real';
 *
 * const machine = { name: 'box', parts: [{ id: 'clock', plugin: realClock }] };
 *
 * @module
 */
import { bind, CONTRACTS_MAJOR, ClockToken, definePlugin } from '@vivarium/contracts';
import { RealClock, type TimeSource } from './real-clock.ts';

/** In every platform, but not in the language's own library. */
declare const performance: { now(): number };

const host: TimeSource = { monotonic: () => performance.now(), wall: () => Date.now() };

/** The plugin. */
export const realClock = definePlugin({
  name: '@vivarium/clock-real',
  version: '0.1.0',
  api: CONTRACTS_MAJOR,
  summary: "clock that follows the host's monotonic clock",
  provides: [ClockToken],
  setup: () => ({ provides: [bind(ClockToken, new RealClock(host))] }),
});

export default realClock;
export { RealClock, type TimeSource } from './real-clock.ts';

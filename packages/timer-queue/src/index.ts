/**
 * A queue of one-shot timers, which every implementation of the Clock contract needs: in order of deadline,
 * then of arming, without allocation on arming, and bounded in what one `fire` can do.
 *
 * @example
 * import { TimerQueue } from '@vivarium/timer-queue';
 *
 * const queue = new TimerQueue();
 * const timer = queue.timer(() => console.log('tick'));
 * timer.arm(1_000);
 * queue.nextDeadline; // 1000
 * queue.fire(999); // 0
 * queue.fire(1_000); // 1, and prints "tick"
 *
 * @module
 */
export { TimerQueue } from './timer-queue.ts';

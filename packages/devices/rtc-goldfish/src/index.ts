/**
 * Goldfish RTC: wall-clock time in nanoseconds for the guest, settable, with one alarm. It tells the machine's clock,
 * so with the virtual clock it is as deterministic as everything else. It takes no options.
 *
 * Specification: Android's goldfish virtual hardware document, section "Goldfish RTC",
 * https://android.googlesource.com/platform/external/qemu/+/master/docs/GOLDFISH-VIRTUAL-HARDWARE.TXT. Device tree
 * binding: `google,goldfish-rtc` in the Linux kernel's Documentation/devicetree/bindings/rtc/google,goldfish-rtc.yaml.
 *
 * @example
 * import { goldfishRtc } from '@vivarium/device-rtc-goldfish';
 *
 * const part = {
 *   id: 'rtc', plugin: goldfishRtc,
 *   regions: { registers: 0x10_1000 },
 *   interrupts: { interrupt: { controller: 'plic', line: 11 } },
 * };
 *
 * @module
 */
import { bind, CONTRACTS_MAJOR, ClockToken, DeviceToken, definePlugin } from '@vivarium/contracts';
import { GoldfishRtc } from './goldfish-rtc.ts';

/** The plugin. */
export const goldfishRtc = definePlugin({
  name: '@vivarium/device-rtc-goldfish',
  version: '0.1.0',
  api: CONTRACTS_MAJOR,
  summary: 'goldfish real-time clock',
  provides: [DeviceToken],
  requires: [ClockToken],
  grants: ['interrupts', 'timers'],
  setup: (context) => {
    const device = new GoldfishRtc({
      clock: context.get(ClockToken),
      timer: (expired) => context.grants.timer(expired),
      interrupt: context.grants.interrupt('interrupt'),
      label: context.id,
    });
    return { provides: [bind(DeviceToken, device)] };
  },
});

export default goldfishRtc;
export { GoldfishRtc, type GoldfishRtcParts } from './goldfish-rtc.ts';
export { errorTable } from './state.ts';

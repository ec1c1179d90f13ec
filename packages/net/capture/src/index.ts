/**
 * A capture of what goes over a network card, between the card and its network: every frame goes on as it is, and a copy
 * with its checksums completed and its segments cut goes to a sink in the pcapng format, which Wireshark and tshark read.
 *
 * Specification: draft-ietf-opsawg-pcapng. Contract: `NetBackend` in `@vivarium/contracts`.
 *
 * @example
 * import { NetBackendToken } from '@vivarium/contracts';
 * import { netCapture } from '@vivarium/net-capture';
 *
 * const pieces: Uint8Array[] = [];
 * const part = {
 *   id: 'capture0',
 *   plugin: netCapture,
 *   options: { write: (bytes: Uint8Array) => pieces.push(bytes) },
 *   use: { [NetBackendToken.name]: 'network0' },
 * };
 *
 * @module
 */
import { bind, CONTRACTS_MAJOR, ClockToken, definePlugin, NetBackendToken } from '@vivarium/contracts';
import * as z from 'zod';
import { CaptureTap } from './capture-tap.ts';

const GIBIBYTE = 2 ** 30;

/** Takes the next bytes of the capture, before it returns. What it throws ends the capture, and nothing else. */
export type CaptureSink = (bytes: Uint8Array) => unknown;

/** Options of the capture. */
export const netCaptureOptions = z.strictObject({
  /** Takes the capture, a piece at a time. */
  write: z.custom<CaptureSink>((value) => typeof value === 'function', 'must be a function'),
  /** Of the interface, as readers show it. Default: the part's id. */
  name: z.string().max(256).optional(),
  /** Most bytes of the capture; a guest could go on for ever. */
  limit: z.int().min(1024).default(GIBIBYTE),
});

/** The plugin. */
export const netCapture = definePlugin<z.infer<typeof netCaptureOptions>>({
  name: '@vivarium/net-capture',
  version: '0.1.0',
  api: CONTRACTS_MAJOR,
  summary: 'capture of what goes over a network card',
  provides: [NetBackendToken],
  requires: [NetBackendToken, ClockToken],
  options: netCaptureOptions,
  setup: (context) => {
    const { options, log, id } = context;
    const clock = context.get(ClockToken);
    const tap = new CaptureTap(context.get(NetBackendToken), {
      write: options.write,
      name: options.name ?? id,
      limit: options.limit,
      now: () => clock.epoch + BigInt(clock.now()),
      ended: (why) => log.warn(why),
    });
    return { provides: [bind(NetBackendToken, tap)] };
  },
});

export default netCapture;
export { CaptureTap, type CaptureSettings } from './capture-tap.ts';

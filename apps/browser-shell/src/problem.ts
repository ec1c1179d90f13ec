import { type GuestFault, isVivariumError, type VivariumError } from '@vivarium/contracts';
import { errors } from './errors.ts';
import type { Problem } from './protocol.ts';

/** When a part failed in a hook with a coded error of its own, that one says what is wrong. */
const innermost = (error: VivariumError): VivariumError =>
  error.code === 'VIV_PLUGIN_HOOK_FAILED' && isVivariumError(error.cause) ? error.cause : error;

/** Any thrown value as something that can be sent and shown. */
export const problemOf = (error: unknown): Problem => {
  const coded = isVivariumError(error)
    ? innermost(error)
    : errors.make('VIV_SHELL_WORKER', error instanceof Error ? error.message : String(error));
  const { code, message, hint } = coded;
  return { code, message, ...(hint === undefined ? {} : { hint }) };
};

/** A guest's fault for people, with the place where it happened. */
export const faultProblem = ({ code, message, vcpu, pc }: GuestFault): Problem => {
  const place =
    pc === undefined || message.includes(pc.toString(16)) ? '' : ` (vCPU ${vcpu ?? '?'}, pc 0x${pc.toString(16)})`;
  return {
    code,
    message: message + place,
    hint: 'The guest cannot go on from there. `viv run debian --trace FILE` shows the instructions that it runs.',
  };
};

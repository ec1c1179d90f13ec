import type { PowerControl, PowerRequest } from '@vivarium/contracts';
import { failure, NO_RETURN, type SbiCall, type SbiExtension, type SbiReturn } from '../call.ts';
import { EID_SRST, SBI_ERR_INVALID_PARAM, SBI_ERR_NOT_SUPPORTED } from '../sbi.ts';

const SYSTEM_RESET = 0n;

/** Section 10.1: types and reasons have 32 bits, from 0xf0000000 on they are the vendor's. */
const SHUTDOWN = 0n;
const COLD_REBOOT = 1n;
const WARM_REBOOT = 2n;
const REASON_NONE = 0n;
const REASON_SYSTEM_FAILURE = 1n;
const IMPLEMENTATION_REASONS = 0xe000_0000n;
const VENDOR_TYPES = 0xf000_0000n;
const WORD = 0xffff_ffffn;

const requestOf = (type: bigint, reason: bigint): PowerRequest => {
  if (type !== SHUTDOWN) {
    return { kind: 'reboot' };
  }
  return reason === REASON_SYSTEM_FAILURE ? { kind: 'failure', code: 1 } : { kind: 'power-off' };
};

/** Chapter 10. A shutdown for system failure powers off with a failure code of 1. */
export class SrstExtension implements SbiExtension {
  readonly id = EID_SRST;
  readonly #power: PowerControl;

  constructor(power: PowerControl) {
    this.#power = power;
  }

  call({ hart, functionId, args }: SbiCall): SbiReturn {
    if (functionId !== SYSTEM_RESET) {
      return failure(SBI_ERR_NOT_SUPPORTED);
    }
    const type = args[0] & WORD;
    const reason = args[1] & WORD;
    if (type >= VENDOR_TYPES) {
      return failure(SBI_ERR_NOT_SUPPORTED);
    }
    if (![SHUTDOWN, COLD_REBOOT, WARM_REBOOT].includes(type)) {
      return failure(SBI_ERR_INVALID_PARAM);
    }
    if (![REASON_NONE, REASON_SYSTEM_FAILURE].includes(reason) && reason < IMPLEMENTATION_REASONS) {
      return failure(SBI_ERR_INVALID_PARAM);
    }
    this.#power.request(requestOf(type, reason));
    hart.yieldSoon();
    return NO_RETURN;
  }
}

import type { Vcpu } from '@vivarium/contracts';
import { failure, type SbiCall, type SbiExtension, type SbiReturn, success } from '../call.ts';
import type { Harts } from '../harts.ts';
import { EID_IPI, SBI_ERR_INVALID_PARAM, SBI_ERR_NOT_SUPPORTED } from '../sbi.ts';

const SEND_IPI = 0n;
const SSIP = 1n << 1n;
const LCOFIP = 1n << 13n;

/**
 * Sets or clears `mip.SSIP` and leaves the rest alone. What `mip` reads as also shows the inputs' levels (SEIP), which
 * must not be written back: they would stay.
 */
export const setSoftwareInterrupt = (hart: Vcpu, pending: boolean): void => {
  hart.writeRegister('mip', ((hart.readRegister('mip') ?? 0n) & LCOFIP) | (pending ? SSIP : 0n));
};

/** True when `mip.SSIP` is set. */
export const softwareInterruptPending = (hart: Vcpu): boolean => ((hart.readRegister('mip') ?? 0n) & SSIP) !== 0n;

/** Raises the supervisor software interrupt of each hart that runs; a stopped one cannot receive it. */
export const raiseSoftwareInterrupt = (harts: readonly Vcpu[]): void => {
  for (const hart of harts) {
    if (hart.running) {
      setSoftwareInterrupt(hart, true);
    }
  }
};

/** Chapter 7. */
export class IpiExtension implements SbiExtension {
  readonly id = EID_IPI;
  readonly #harts: Harts;

  constructor(harts: Harts) {
    this.#harts = harts;
  }

  call({ functionId, args }: SbiCall): SbiReturn {
    if (functionId !== SEND_IPI) {
      return failure(SBI_ERR_NOT_SUPPORTED);
    }
    const chosen = this.#harts.select(args[0], args[1]);
    if (chosen === undefined) {
      return failure(SBI_ERR_INVALID_PARAM);
    }
    raiseSoftwareInterrupt(chosen);
    return success();
  }
}

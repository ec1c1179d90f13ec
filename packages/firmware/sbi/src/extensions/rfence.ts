import type { RemoteFence } from '@vivarium/contracts';
import { failure, type SbiCall, type SbiExtension, type SbiReturn, success } from '../call.ts';
import type { Harts } from '../harts.ts';
import { EID_RFENCE, SBI_ERR_INVALID_PARAM, SBI_ERR_NOT_SUPPORTED } from '../sbi.ts';

const REMOTE_FENCE_I = 0n;
const REMOTE_SFENCE_VMA = 1n;
const REMOTE_SFENCE_VMA_ASID = 2n;

const EVERYTHING = 0xffff_ffff_ffff_ffffn;
/** `satp.ASID` has 16 bits. */
const ASID_MASK = 0xffffn;

/** The fence of a range; `start` and `size` both zero, or `size` all ones, mean every address (chapter 8). */
export const translationFence = (start: bigint, size: bigint, asid?: bigint): RemoteFence => ({
  kind: 'translations',
  ...((start === 0n && size === 0n) || size === EVERYTHING ? {} : { range: { address: start, length: size } }),
  ...(asid === undefined ? {} : { addressSpace: Number(asid & ASID_MASK) }),
});

const fenceOf = (functionId: bigint, args: SbiCall['args']): RemoteFence | undefined => {
  switch (functionId) {
    case REMOTE_FENCE_I:
      return { kind: 'code' };
    case REMOTE_SFENCE_VMA:
      return translationFence(args[2], args[3]);
    case REMOTE_SFENCE_VMA_ASID:
      return translationFence(args[2], args[3], args[4]);
    default:
      return undefined;
  }
};

/** Chapter 8, without the hypervisor's fences. Acts at once: no hart is inside an instruction during a call. */
export class RfenceExtension implements SbiExtension {
  readonly id = EID_RFENCE;
  readonly #harts: Harts;

  constructor(harts: Harts) {
    this.#harts = harts;
  }

  call({ functionId, args }: SbiCall): SbiReturn {
    const fence = fenceOf(functionId, args);
    if (fence === undefined) {
      return failure(SBI_ERR_NOT_SUPPORTED);
    }
    const chosen = this.#harts.select(args[0], args[1]);
    if (chosen === undefined) {
      return failure(SBI_ERR_INVALID_PARAM);
    }
    for (const hart of chosen) {
      hart.fence(fence);
    }
    return success();
  }
}

import type { Vcpu } from '@vivarium/contracts';
import { failure, type SbiCall, type SbiExtension, type SbiReturn, success } from '../call.ts';
import {
  EID_FWFT,
  SBI_ERR_DENIED,
  SBI_ERR_DENIED_LOCKED,
  SBI_ERR_INVALID_PARAM,
  SBI_ERR_NOT_SUPPORTED,
} from '../sbi.ts';

const FWFT_SET = 0n;
const FWFT_GET = 1n;

/** Section 18.1: features have 32 bits. */
const MISALIGNED_EXC_DELEG = 0n;
const PTE_AD_HW_UPDATING = 4n;
/** Landing pads, shadow stacks, double traps, pointer masking: standard, and not in this hardware. */
const ABSENT_FEATURES: readonly bigint[] = [1n, 2n, 3n, 5n];
const FLAG_LOCK = 1n;
const WORD = 0xffff_ffffn;

const MENVCFG_ADUE = 1n << 61n;

/** Chapter 18: features of each hart that the supervisor may choose, and lock. */
export class FwftExtension implements SbiExtension {
  readonly id = EID_FWFT;
  readonly #locked = new Map<number, Set<bigint>>();

  reset(): void {
    this.#locked.clear();
  }

  call({ hart, functionId, args }: SbiCall): SbiReturn {
    const feature = args[0] & WORD;
    switch (functionId) {
      case FWFT_SET:
        return this.#set(hart, feature, args[1], args[2]);
      case FWFT_GET:
        return this.#get(hart, feature);
      default:
        return failure(SBI_ERR_NOT_SUPPORTED);
    }
  }

  #get(hart: Vcpu, feature: bigint): SbiReturn {
    switch (feature) {
      case MISALIGNED_EXC_DELEG:
        return success(1n);
      case PTE_AD_HW_UPDATING:
        return success((hart.readRegister('menvcfg') ?? 0n) & MENVCFG_ADUE ? 1n : 0n);
      default:
        return failure(ABSENT_FEATURES.includes(feature) ? SBI_ERR_NOT_SUPPORTED : SBI_ERR_DENIED);
    }
  }

  #set(hart: Vcpu, feature: bigint, value: bigint, flags: bigint): SbiReturn {
    if (feature !== MISALIGNED_EXC_DELEG && feature !== PTE_AD_HW_UPDATING) {
      return failure(ABSENT_FEATURES.includes(feature) ? SBI_ERR_NOT_SUPPORTED : SBI_ERR_DENIED);
    }
    if (value > 1n || flags > FLAG_LOCK) {
      return failure(SBI_ERR_INVALID_PARAM);
    }
    if (this.#locked.get(hart.index)?.has(feature)) {
      return failure(SBI_ERR_DENIED_LOCKED);
    }
    if (!this.#apply(hart, feature, value === 1n)) {
      return failure(SBI_ERR_NOT_SUPPORTED);
    }
    if (flags === FLAG_LOCK) {
      const locked = this.#locked.get(hart.index) ?? new Set();
      this.#locked.set(hart.index, locked.add(feature));
    }
    return success();
  }

  #apply(hart: Vcpu, feature: bigint, enable: boolean): boolean {
    if (feature === MISALIGNED_EXC_DELEG) {
      // The hardware does misaligned accesses itself, and no M-mode code could take what is left.
      return enable;
    }
    const before = hart.readRegister('menvcfg') ?? 0n;
    const wanted = enable ? before | MENVCFG_ADUE : before & ~MENVCFG_ADUE;
    hart.writeRegister('menvcfg', wanted);
    hart.fence({ kind: 'translations' });
    return hart.readRegister('menvcfg') === wanted;
  }
}

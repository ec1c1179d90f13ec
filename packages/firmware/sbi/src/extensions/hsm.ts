import type { GuestMemory, VcpuAllotment } from '@vivarium/contracts';
import { failure, NO_RETURN, type SbiCall, type SbiExtension, type SbiReturn, success } from '../call.ts';
import type { Harts } from '../harts.ts';
import {
  EID_HSM,
  SBI_ERR_ALREADY_AVAILABLE,
  SBI_ERR_INVALID_ADDRESS,
  SBI_ERR_INVALID_PARAM,
  SBI_ERR_NOT_SUPPORTED,
} from '../sbi.ts';
import { enterSupervisor } from '../supervisor-entry.ts';

const HART_START = 0n;
const HART_STOP = 1n;
const HART_GET_STATUS = 2n;
const HART_SUSPEND = 3n;

/** Section 9.1, table of states. The pending states are never seen: calls act at once. */
const STARTED = 0n;
const STOPPED = 1n;

/** Section 9.4, table of suspend types; types have 32 bits, of which bit 31 means non-retentive. */
const DEFAULT_RETENTIVE = 0n;
const DEFAULT_NON_RETENTIVE = 0x8000_0000n;
const SUSPEND_TYPE_MASK = 0xffff_ffffn;
const PLATFORM_TYPES = 0x1000_0000n;
const NON_RETENTIVE_BIT = 0x8000_0000n;

/** Chapter 9. */
export class HsmExtension implements SbiExtension {
  readonly id = EID_HSM;
  readonly #harts: Harts;
  readonly #memory: GuestMemory;
  readonly #allotment: Pick<VcpuAllotment, 'count'>;

  constructor(harts: Harts, memory: GuestMemory, allotment: Pick<VcpuAllotment, 'count'>) {
    this.#allotment = allotment;
    this.#harts = harts;
    this.#memory = memory;
  }

  call(call: SbiCall): SbiReturn {
    switch (call.functionId) {
      case HART_START:
        return this.#start(call);
      case HART_STOP:
        call.hart.stop();
        return NO_RETURN;
      case HART_GET_STATUS:
        return this.#status(call);
      case HART_SUSPEND:
        return this.#suspend(call);
      default:
        return failure(SBI_ERR_NOT_SUPPORTED);
    }
  }

  #start({ args: [id, address, opaque] }: SbiCall): SbiReturn {
    const hart = this.#harts.find(id);
    // A hart that is not allotted "cannot be started in supervisor mode" (section 9.1).
    if (hart === undefined || hart.index >= this.#allotment.count) {
      return failure(SBI_ERR_INVALID_PARAM);
    }
    if (!this.#isExecutable(address)) {
      return failure(SBI_ERR_INVALID_ADDRESS);
    }
    if (hart.running) {
      return failure(SBI_ERR_ALREADY_AVAILABLE);
    }
    enterSupervisor(hart, address, opaque);
    return success();
  }

  #status({ args: [id] }: SbiCall): SbiReturn {
    const hart = this.#harts.find(id);
    return hart === undefined ? failure(SBI_ERR_INVALID_PARAM) : success(hart.running ? STARTED : STOPPED);
  }

  /** Wakes up at once, as a platform may: what a supervisor waits for it waits for in WFI. */
  #suspend({ hart, args: [rawType, address, opaque] }: SbiCall): SbiReturn {
    const type = rawType & SUSPEND_TYPE_MASK;
    if (type === DEFAULT_RETENTIVE) {
      return success();
    }
    if (type === DEFAULT_NON_RETENTIVE) {
      if (!this.#isExecutable(address)) {
        return failure(SBI_ERR_INVALID_ADDRESS);
      }
      enterSupervisor(hart, address, opaque);
      return NO_RETURN;
    }
    const isPlatformType = (type & ~NON_RETENTIVE_BIT) >= PLATFORM_TYPES;
    return failure(isPlatformType ? SBI_ERR_NOT_SUPPORTED : SBI_ERR_INVALID_PARAM);
  }

  #isExecutable(address: bigint): boolean {
    return address % 2n === 0n && this.#memory.view(Number(address), 2) !== undefined;
  }
}

import type { Vcpu } from '@vivarium/contracts';
import { failure, type SbiCall, type SbiExtension, type SbiReturn, success } from '../call.ts';
import { EID_BASE, SBI_ERR_NOT_SUPPORTED, SPECIFICATION_VERSION } from '../sbi.ts';

const GET_SPEC_VERSION = 0n;
const GET_IMPL_ID = 1n;
const GET_IMPL_VERSION = 2n;
const PROBE_EXTENSION = 3n;
const GET_MVENDORID = 4n;
const GET_MARCHID = 5n;
const GET_MIMPID = 6n;

/** Not in the registry of chapter 4.9: "viv". */
const IMPLEMENTATION_ID = 0x76_6976n;
const IMPLEMENTATION_VERSION = 1n;

const machineId = (hart: Vcpu, register: string): SbiReturn => success(hart.readRegister(register) ?? 0n);

/** Chapter 4. `isPresent` tells of every extension, this one included. */
export class BaseExtension implements SbiExtension {
  readonly id = EID_BASE;
  readonly #isPresent: (id: bigint) => boolean;

  constructor(isPresent: (id: bigint) => boolean) {
    this.#isPresent = isPresent;
  }

  call({ hart, functionId, args }: SbiCall): SbiReturn {
    switch (functionId) {
      case GET_SPEC_VERSION:
        return success(SPECIFICATION_VERSION);
      case GET_IMPL_ID:
        return success(IMPLEMENTATION_ID);
      case GET_IMPL_VERSION:
        return success(IMPLEMENTATION_VERSION);
      case PROBE_EXTENSION:
        return success(this.#isPresent(args[0]) ? 1n : 0n);
      case GET_MVENDORID:
        return machineId(hart, 'mvendorid');
      case GET_MARCHID:
        return machineId(hart, 'marchid');
      case GET_MIMPID:
        return machineId(hart, 'mimpid');
      default:
        return failure(SBI_ERR_NOT_SUPPORTED);
    }
  }
}

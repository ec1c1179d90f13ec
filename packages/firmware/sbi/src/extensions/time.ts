import { failure, type SbiCall, type SbiExtension, type SbiReturn, success } from '../call.ts';
import { EID_TIME, SBI_ERR_NOT_SUPPORTED } from '../sbi.ts';

const SET_TIMER = 0n;

/** Chapter 6. With Sstc the hart's own comparator does all of it, the pending bit included. */
export class TimeExtension implements SbiExtension {
  readonly id = EID_TIME;

  call({ hart, functionId, args }: SbiCall): SbiReturn {
    if (functionId !== SET_TIMER) {
      return failure(SBI_ERR_NOT_SUPPORTED);
    }
    hart.writeRegister('stimecmp', args[0]);
    return success();
  }
}

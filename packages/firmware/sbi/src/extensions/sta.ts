import type { GuestMemory, StealTime } from '@vivarium/contracts';
import { failure, type SbiCall, type SbiExtension, type SbiReturn, success } from '../call.ts';
import { EID_STA, SBI_ERR_INVALID_ADDRESS, SBI_ERR_INVALID_PARAM, SBI_ERR_NOT_SUPPORTED } from '../sbi.ts';

const STEAL_TIME_SET_SHMEM = 0n;

/** Both halves of the address: no reports any more. */
const NO_SHMEM = 0xffff_ffff_ffff_ffffn;

/** Section 16.1: the shared memory structure. */
const SHMEM_SIZE = 64;
const SEQUENCE = 0;
const STEAL = 8;

/** What a hart asked for. */
interface Shmem {
  readonly address: number;
  /** Time that was stolen before the supervisor asked. */
  readonly before: number;
  sequence: number;
}

/** Chapter 16: tells the supervisor how long a hart could have run and was not let. */
export class StaExtension implements SbiExtension, StealTime {
  readonly id = EID_STA;
  readonly #memory: GuestMemory;
  readonly #shmems = new Map<number, Shmem>();
  readonly #stolen = new Map<number, number>();

  constructor(memory: GuestMemory) {
    this.#memory = memory;
  }

  reset(): void {
    this.#shmems.clear();
  }

  report(hart: number, stolen: number): void {
    const before = this.#stolen.get(hart) ?? 0;
    if (stolen <= before) return;
    this.#stolen.set(hart, stolen);
    const shmem = this.#shmems.get(hart);
    const view = shmem === undefined ? undefined : this.#view(shmem.address);
    if (shmem === undefined || view === undefined) return;
    // Odd while the time is being written. The memory is the guest's, so it is not asked what it says.
    view.setUint32(SEQUENCE, shmem.sequence + 1, true);
    view.setBigUint64(STEAL, BigInt(stolen - shmem.before), true);
    shmem.sequence = (shmem.sequence + 2) % 2 ** 32;
    view.setUint32(SEQUENCE, shmem.sequence, true);
  }

  call({ hart, functionId, args }: SbiCall): SbiReturn {
    if (functionId !== STEAL_TIME_SET_SHMEM) return failure(SBI_ERR_NOT_SUPPORTED);
    const [low, high, flags] = args;
    if (flags !== 0n) return failure(SBI_ERR_INVALID_PARAM);
    if (low === NO_SHMEM && high === NO_SHMEM) {
      this.#shmems.delete(hart.index);
      return success();
    }
    if (low % BigInt(SHMEM_SIZE) !== 0n) return failure(SBI_ERR_INVALID_PARAM);
    const address = Number(low);
    const view = high === 0n ? this.#view(address) : undefined;
    if (view === undefined) return failure(SBI_ERR_INVALID_ADDRESS);
    new Uint8Array(view.buffer, view.byteOffset, SHMEM_SIZE).fill(0);
    this.#shmems.set(hart.index, { address, before: this.#stolen.get(hart.index) ?? 0, sequence: 0 });
    return success();
  }

  #view(address: number): DataView | undefined {
    const bytes = this.#memory.writableView(address, SHMEM_SIZE);
    return bytes && new DataView(bytes.buffer, bytes.byteOffset, SHMEM_SIZE);
  }
}

import type { Clock, InterruptLine, Timer } from '@vivarium/contracts';

const NANOSECONDS_PER_SECOND = 1_000_000_000n;
const WRAP = 2n ** 64n;

/** What {@link MachineTimer} is made of. */
export interface MachineTimerParts {
  readonly clock: Clock;
  readonly timer: (expired: () => void) => Timer;
  /** Ticks of mtime a second. */
  readonly frequency: number;
  /** `mtip` of each hart. */
  readonly targets: readonly InterruptLine[];
}

/**
 * MTIMER (ACLINT specification, chapter 2): mtime counts the machine's clock, and each hart's `mtip` is up while
 * mtime ≥ its mtimecmp, as unsigned 64-bit numbers.
 */
export class MachineTimer {
  readonly #clock: Clock;
  readonly #frequency: bigint;
  readonly #targets: readonly InterruptLine[];
  readonly #compare: BigUint64Array;
  readonly #timers: readonly Timer[];
  /** mtime minus the clock's ticks, modulo 2^64: what the guest has set it to. */
  #offset = 0n;

  constructor(parts: MachineTimerParts) {
    this.#clock = parts.clock;
    this.#frequency = BigInt(parts.frequency);
    this.#targets = parts.targets;
    this.#compare = new BigUint64Array(parts.targets.length).fill(WRAP - 1n);
    this.#timers = parts.targets.map((_, hart) => parts.timer(() => this.#update(hart)));
  }

  get time(): bigint {
    return BigInt.asUintN(64, this.#ticks() + this.#offset);
  }

  set time(value: bigint) {
    this.#offset = BigInt.asUintN(64, value - this.#ticks());
    this.#updateAll();
  }

  /** A hart's mtimecmp. */
  compare(hart: number): bigint {
    return this.#compare[hart] ?? 0n;
  }

  setCompare(hart: number, value: bigint): void {
    this.#compare[hart] = value;
    this.#update(hart);
  }

  reset(): void {
    this.#offset = 0n;
    this.#compare.fill(WRAP - 1n);
    this.#updateAll();
  }

  /** Every mtimecmp. */
  get compares(): readonly bigint[] {
    return [...this.#compare];
  }

  adopt(time: bigint, compares: readonly bigint[]): void {
    this.#compare.set(compares);
    this.time = time;
  }

  #ticks(): bigint {
    return (BigInt(this.#clock.now()) * this.#frequency) / NANOSECONDS_PER_SECOND;
  }

  #updateAll(): void {
    for (let hart = 0; hart < this.#targets.length; hart += 1) this.#update(hart);
  }

  /** Drives `mtip` and asks to be called when it changes next: on reaching mtimecmp, or when mtime wraps. */
  #update(hart: number): void {
    const ticks = this.#ticks();
    const time = BigInt.asUintN(64, ticks + this.#offset);
    const compare = this.compare(hart);
    const expired = time >= compare;
    this.#targets[hart]?.set(expired);
    const next = ticks + (expired ? WRAP : compare) - time;
    // Rounded up: the first nanosecond at which that many ticks have passed.
    const deadline = (next * NANOSECONDS_PER_SECOND + this.#frequency - 1n) / this.#frequency;
    if (compare !== 0n && deadline <= Number.MAX_SAFE_INTEGER) this.#timers[hart]?.arm(Number(deadline));
    else this.#timers[hart]?.cancel();
  }
}

/** A register as the protocol numbers it. */
export interface DescribedRegister {
  /** The vCPU's own name of it. */
  readonly name: string;
  readonly bytes: number;
}

/** What a client learns about the registers. */
export interface TargetDescription {
  /** The document `target.xml` (GDB manual, appendix "Target Descriptions"). */
  readonly xml: string;
  /** By number. */
  readonly registers: readonly DescribedRegister[];
  /** How many of them, from 0 on, are in the packets `g` and `G`; the others are read one by one. */
  readonly general: number;
}

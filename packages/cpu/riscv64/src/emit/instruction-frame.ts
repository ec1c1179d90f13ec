import type { HelperIndices } from './arithmetic.ts';
import type { AccessFrame } from './memory-access.ts';
import type { Operands } from './operands.ts';

/** What a translator knows ahead of floating-point instructions, so that most of them need no test of their own. */
export interface NativeFloat {
  /** Whether relaxed_madd of this engine is the fused operation. */
  readonly fused: boolean;
  /** Pushes 1 while fflags.NX is set and frm is to nearest: a normal result of the host's is then all there is to do. */
  ready(): void;
  /** fflags.NX was set just now. */
  inexactRaised(): void;
}

/** What the statements of an instruction are emitted with: by the interpreter's cold function, and by the translator. */
export interface InstructionFrame extends AccessFrame {
  readonly operands: Operands;
  readonly helpers: HelperIndices;
  readonly sharedMemory: boolean;
  /** An atomic whose page is not in the TLB: done some other way. Ends the path. */
  atomicMiss(): void;
  /** An atomic at a misaligned address (in STATE_ADDRESS). Ends the path. */
  misaligned(): void;
  /** A floating-point instruction that needs exact arithmetic: done some other way. Ends the path. */
  slowFloat(): void;
  /** Leaves with an illegal-instruction exception when mstatus.FS is off. */
  checkFloat(): void;
  /** Registers or flags change: mstatus.FS becomes dirty. */
  dirtyFloat(): void;
  /** Pushes 1 when the instruction rounds to nearest, ties to even. */
  nearest(): void;
  /** Absent where nothing is known ahead, or the instruction has a rounding mode of its own. */
  readonly nativeFloat?: NativeFloat;
  /** Pushes field rm. */
  rounding(): void;
}

/** One instruction as it stands in a program. */
export interface Instruction {
  readonly name: string;
  readonly size: 2 | 4;
  readonly word: number;
}

/** One or a few instructions that belong together. Slots can be left out: targets are slots, not distances. */
export interface Slot {
  /** Bytes. */
  readonly size: number;
  /** `targets[i]` is the address of slot i; the last entry is where the sequence ends. */
  readonly emit: (address: number, targets: readonly number[]) => readonly Instruction[];
}

/** Bytes of memory that a sequence may access; whole cache blocks. */
export const WINDOW_BYTES = 320;

/** Layout of the record of a sequence's state: x0–x31, f0–f31, fcsr, and a word that sequences may store results to. */
export const FLOAT_OFFSET = 256;
export const FCSR_OFFSET = 512;
export const SPARE_OFFSET = 520;
export const RECORD_BYTES = 528;

/** A generated test: a full register state, some memory, and instructions to run on them. */
export interface Sequence {
  /** Its number in the run. */
  readonly index: number;
  readonly slots: readonly Slot[];
  /** x0 is ignored; entries of `bases` are offsets into the window until it is placed. */
  readonly x: readonly bigint[];
  readonly f: readonly bigint[];
  readonly fcsr: number;
  /** Register that holds the address of the state record throughout. */
  readonly pointer: number;
  /** Registers that point into the window at the start: register → offset. */
  readonly bases: ReadonlyMap<number, number>;
  /** Initial contents. */
  readonly window: Uint8Array;
}

/** Addresses of each slot and of the end, for a sequence that starts at `address`. */
export const slotAddresses = (slots: readonly Slot[], address: number): readonly number[] => {
  const addresses = [address];
  for (const slot of slots) addresses.push((addresses.at(-1) as number) + slot.size);
  return addresses;
};

/** The instructions of a sequence that starts at `address`. */
export const emitSlots = (slots: readonly Slot[], address: number): readonly Instruction[] => {
  const addresses = slotAddresses(slots, address);
  return slots.flatMap((slot, index) => slot.emit(addresses[index], addresses));
};

/** A mnemonic and its operands; no pseudo-instruction of more than one instruction. */
export type PlainInstruction = readonly [mnemonic: string, ...operands: string[]];

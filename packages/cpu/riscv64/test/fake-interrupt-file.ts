import type { InterruptFile, Vcpu } from '@vivarium/contracts';

const WORDS = 8;

export interface FakeInterruptFile extends InterruptFile {
  /** Registers by number. */
  readonly registers: Map<number, number>;
  /** A message: makes `identity` pending. */
  send(identity: number): void;
}

/** An interrupt file with 255 identities that are always delivered, at the supervisor level of a hart. */
export const fakeInterruptFile = (vcpu: Vcpu): FakeInterruptFile => {
  const registers = new Map<number, number>();
  const line = vcpu.interruptInput('seip');
  const top = (): number => {
    for (let identity = 1; identity < WORDS * 32; identity += 1) {
      const [word, bit] = [identity >> 5, identity & 31];
      const both = (registers.get(0x80 + word) ?? 0) & (registers.get(0xc0 + word) ?? 0);
      if (((both >>> bit) & 1) === 1) return identity;
    }
    return 0;
  };
  const set = (register: number, value: number): void => {
    registers.set(register, value);
    line?.set(top() !== 0);
  };
  const pending = (identity: number, on: boolean): void => {
    const register = 0x80 + (identity >> 5);
    const bit = 1 << (identity & 31);
    const bits = registers.get(register) ?? 0;
    set(register, (on ? bits | bit : bits & ~bit) >>> 0);
  };
  const file: FakeInterruptFile = {
    registers,
    get top() {
      return top();
    },
    claim: () => {
      const identity = top();
      if (identity !== 0) pending(identity, false);
      return identity;
    },
    read: (register) => registers.get(register) ?? 0,
    write: set,
    send: (identity) => pending(identity, true),
  };
  vcpu.connectInterruptFile?.('supervisor', file);
  return file;
};

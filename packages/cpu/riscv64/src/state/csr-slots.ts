import { CSR } from '@vivarium/isa-riscv';
import { STATE_CSR } from './layout.ts';

/** Control and status registers that only hold a value, in the order of their places in the hart's state. */
const VALUE_CSRS: readonly number[] = [
  CSR.sscratch,
  CSR.sepc,
  CSR.scause,
  CSR.stval,
  CSR.stvec,
  CSR.scounteren,
  CSR.senvcfg,
  CSR.mscratch,
  CSR.mepc,
  CSR.mcause,
  CSR.mtval,
  CSR.mtvec,
  CSR.mcounteren,
  CSR.menvcfg,
  CSR.medeleg,
];

/** Offset in the hart's state of a register that only holds a value. */
export const csrSlot = (number: number): number => {
  const index = VALUE_CSRS.indexOf(number);
  if (index < 0) throw new TypeError(`CSR 0x${number.toString(16)} holds more than a value`);
  return STATE_CSR + index * 8;
};

/** sstatus shows these bits of mstatus: SIE, SPIE, SPP, FS, SUM, MXR; and UXL = 2 in the high half. */
export const SSTATUS_MASK = 0xc6122;
export const STATUS_UXL_HIGH = 2;

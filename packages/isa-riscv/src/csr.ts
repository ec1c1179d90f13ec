/**
 * CSR numbers by name: those of RV64 in the privileged manual's section "CSR Listing" for M-, S- and U-mode, with the
 * extensions Sstc, Smstateen, Sscofpmf, Smcntrpmf, Smcdeleg, Smrnmi, Sdext, Sdtrig, Zkr and AIA. The upper halves of
 * RV32 do not exist.
 */
const FIXED = {
  fflags: 0x001,
  frm: 0x002,
  fcsr: 0x003,
  seed: 0x015,
  cycle: 0xc00,
  time: 0xc01,
  instret: 0xc02,

  sstatus: 0x100,
  sie: 0x104,
  stvec: 0x105,
  scounteren: 0x106,
  senvcfg: 0x10a,
  scountinhibit: 0x120,
  sscratch: 0x140,
  sepc: 0x141,
  scause: 0x142,
  stval: 0x143,
  sip: 0x144,
  stimecmp: 0x14d,
  siselect: 0x150,
  sireg: 0x151,
  stopei: 0x15c,
  satp: 0x180,
  scontext: 0x5a8,
  scountovf: 0xda0,
  stopi: 0xdb0,

  mstatus: 0x300,
  misa: 0x301,
  medeleg: 0x302,
  mideleg: 0x303,
  mie: 0x304,
  mtvec: 0x305,
  mcounteren: 0x306,
  mvien: 0x308,
  mvip: 0x309,
  menvcfg: 0x30a,
  mcountinhibit: 0x320,
  mcyclecfg: 0x321,
  minstretcfg: 0x322,
  mscratch: 0x340,
  mepc: 0x341,
  mcause: 0x342,
  mtval: 0x343,
  mip: 0x344,
  mtinst: 0x34a,
  mtval2: 0x34b,
  miselect: 0x350,
  mireg: 0x351,
  mtopei: 0x35c,
  mnscratch: 0x740,
  mnepc: 0x741,
  mncause: 0x742,
  mnstatus: 0x744,
  mseccfg: 0x747,
  tselect: 0x7a0,
  tdata1: 0x7a1,
  tdata2: 0x7a2,
  tdata3: 0x7a3,
  tinfo: 0x7a4,
  mcontext: 0x7a8,
  dcsr: 0x7b0,
  dpc: 0x7b1,
  dscratch0: 0x7b2,
  dscratch1: 0x7b3,
  mcycle: 0xb00,
  minstret: 0xb02,
  mvendorid: 0xf11,
  marchid: 0xf12,
  mimpid: 0xf13,
  mhartid: 0xf14,
  mconfigptr: 0xf15,
  mtopi: 0xfb0,
} as const;

type Range = readonly [prefix: string, first: number, last: number, number: number];

/** Arrays: name prefix, first and last index, number of the first. pmpcfg with odd index exist in RV32 only. */
const RANGES: readonly Range[] = [
  ['sstateen', 0, 3, 0x10c],
  ['mstateen', 0, 3, 0x30c],
  ['mhpmevent', 3, 31, 0x323],
  ['pmpcfg', 0, 15, 0x3a0],
  ['pmpaddr', 0, 63, 0x3b0],
  ['mhpmcounter', 3, 31, 0xb03],
  ['hpmcounter', 3, 31, 0xc03],
];

const entries: readonly (readonly [string, number])[] = [
  ...Object.entries(FIXED),
  ...RANGES.flatMap(([prefix, first, last, number]) =>
    Array.from({ length: last - first + 1 }, (_, index) => [`${prefix}${first + index}`, number + index] as const),
  ),
];

/** CSR number (12 bits) by name. */
export const csrNumbers: ReadonlyMap<string, number> = new Map(entries);

/** CSR name by number. */
export const csrNames: ReadonlyMap<number, string> = new Map(entries.map(([name, number]) => [number, name]));

/** Numbers of the CSRs that are not part of an array, for code that names them: `CSR.mstatus`. */
export const CSR = FIXED;

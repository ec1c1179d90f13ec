/**
 * Where the immediate of a 32-bit word is (unprivileged manual, section 2.3), always as a signed 32-bit number:
 * I, S, B, U, J sign-extended (U with its 12 low zero bits); `shift` [25:20], `csr` [31:20] (also fm, pred, succ of
 * fences) and nothing (0) unsigned; `prefetch` is S with the 5 low bits clear.
 */
export type ImmediateKind = 'none' | 'I' | 'S' | 'B' | 'U' | 'J' | 'shift' | 'csr' | 'prefetch';

/** An operand as assembler source writes it; `frd` and the like are floating-point registers. */
export type Operand =
  | 'rd'
  | 'rs1'
  | 'rs2'
  | 'frd'
  | 'frs1'
  | 'frs2'
  | 'frs3'
  /** A signed number. */
  | 'imm'
  /** A signed number before a base register. */
  | 'imm(rs1)'
  /** A base register alone. */
  | '(rs1)'
  /** An address, encoded relative to pc. */
  | 'target'
  /** The upper 20 bits, as a 20-bit number. */
  | 'upper'
  /** An unsigned shift amount. */
  | 'shamt'
  /** A CSR by name or number. */
  | 'csr'
  /** The unsigned immediate in field rs1. */
  | 'uimm'
  /** Predecessor and successor sets of a fence: letters of `iorw`. */
  | 'pred'
  | 'succ'
  /** Rounding mode; absent means dynamic. */
  | 'rm'
  /** Rounding mode of a conversion that is always exact; absent means nearest. */
  | 'rm-exact'
  /** Rounding mode that has to be written, and has to be `rtz`. */
  | 'rtz'
  /** Constant of Zfa's fli. */
  | 'constant';

interface FormatRow {
  readonly immediate: ImmediateKind;
  readonly operands: readonly Operand[];
}

const format = (immediate: ImmediateKind, ...operands: Operand[]): FormatRow => ({ immediate, operands });

/** Every format: its immediate, and its operands in the order of the assembler. */
export const formats = {
  none: format('none'),
  R: format('none', 'rd', 'rs1', 'rs2'),
  /** R with rs2 as part of the opcode. */
  'R-unary': format('none', 'rd', 'rs1'),
  I: format('I', 'rd', 'rs1', 'imm'),
  /** Loads and jalr. */
  'I-address': format('I', 'rd', 'imm(rs1)'),
  S: format('S', 'rs2', 'imm(rs1)'),
  B: format('B', 'rs1', 'rs2', 'target'),
  U: format('U', 'rd', 'upper'),
  J: format('J', 'rd', 'target'),
  shift: format('shift', 'rd', 'rs1', 'shamt'),
  csr: format('csr', 'rd', 'csr', 'rs1'),
  /** As csr, with a 5-bit unsigned immediate in field rs1. */
  'csr-immediate': format('csr', 'rd', 'csr', 'uimm'),
  fence: format('csr', 'pred', 'succ'),
  amo: format('none', 'rd', 'rs2', '(rs1)'),
  'load-reserved': format('none', 'rd', '(rs1)'),
  'cache-block': format('none', '(rs1)'),
  prefetch: format('prefetch', 'imm(rs1)'),
  /** sfence.vma and sinval.vma: address, then address space. */
  'translation-fence': format('none', 'rs1', 'rs2'),
  'float-load': format('I', 'frd', 'imm(rs1)'),
  'float-store': format('S', 'frs2', 'imm(rs1)'),
  'float-R': format('none', 'frd', 'frs1', 'frs2'),
  'float-R-rm': format('none', 'frd', 'frs1', 'frs2', 'rm'),
  'float-R4': format('none', 'frd', 'frs1', 'frs2', 'frs3', 'rm'),
  'float-unary': format('none', 'frd', 'frs1', 'rm'),
  'float-widen': format('none', 'frd', 'frs1', 'rm-exact'),
  'float-compare': format('none', 'rd', 'frs1', 'frs2'),
  'float-to-x': format('none', 'rd', 'frs1'),
  'float-from-x': format('none', 'frd', 'rs1'),
  'float-to-integer': format('none', 'rd', 'frs1', 'rm'),
  'float-to-integer-rtz': format('none', 'rd', 'frs1', 'rtz'),
  'float-from-integer': format('none', 'frd', 'rs1', 'rm'),
  'float-from-integer-exact': format('none', 'frd', 'rs1', 'rm-exact'),
  'float-constant': format('none', 'frd', 'constant'),
} as const satisfies Record<string, FormatRow>;

export type Format = keyof typeof formats;

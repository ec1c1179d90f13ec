/**
 * The language in which the table says what an instruction does: a small tree of plain data that cores turn into code.
 * An expression is a WebAssembly operation over operands, so its meaning is that of the WebAssembly specification
 * (section 4.3). A semantics is a list of statements executed in order; a trap in one of them undoes nothing before it,
 * so rows put everything that can trap first.
 */

export type ValueType = 'i32' | 'i64';

/** Register fields of a 32-bit encoding: rd [11:7], rs1 [19:15], rs2 [24:20], rs3 [31:27]. */
export type RegisterField = 'rd' | 'rs1' | 'rs2' | 'rs3';

export type BinaryOperation =
  | `${'i32' | 'i64'}.${'add' | 'sub' | 'mul' | 'and' | 'or' | 'xor' | 'shl' | 'shr_s' | 'shr_u' | 'rotl' | 'rotr' | 'div_s' | 'div_u' | 'rem_s' | 'rem_u'}`
  | `${'i32' | 'i64'}.${'eq' | 'ne' | 'lt_s' | 'lt_u' | 'gt_s' | 'gt_u' | 'le_s' | 'le_u' | 'ge_s' | 'ge_u'}`;

export type UnaryOperation =
  | `${'i32' | 'i64'}.${'clz' | 'ctz' | 'popcnt' | 'eqz'}`
  | 'i32.wrap_i64'
  | 'i64.extend_i32_s'
  | 'i64.extend_i32_u'
  | `${'i32' | 'i64'}.${'extend8_s' | 'extend16_s'}`
  | 'i64.extend32_s';

/** Pure functions too long for an expression; each core supplies them. All take and return i64. */
export type Helper =
  /** Upper 64 bits of the 128-bit product: signed×signed, signed×unsigned, unsigned×unsigned. */
  | 'mulh'
  | 'mulhsu'
  | 'mulhu'
  /** Carry-less product: low half, high half, reversed (Zbc). */
  | 'clmul'
  | 'clmulh'
  | 'clmulr'
  /** Byte-wise OR-combine and byte reversal (Zbb). */
  | 'orc.b'
  | 'rev8';

export type Expression =
  | { readonly kind: 'constant'; readonly type: ValueType; readonly value: bigint }
  /** Integer register named by a field; x0 reads as 0. i64. */
  | { readonly kind: 'x'; readonly field: RegisterField }
  /** Floating-point register, its 64 raw bits. i64. */
  | { readonly kind: 'f'; readonly field: RegisterField }
  /** The row's immediate, sign- or zero-extended as its format says (shift amounts and uimm too). i64. */
  | { readonly kind: 'immediate' }
  /** Address of this instruction. i64. */
  | { readonly kind: 'pc' }
  /** Address of the next instruction in memory: pc + 2 or pc + 4. i64. */
  | { readonly kind: 'next-pc' }
  | { readonly kind: 'unary'; readonly operation: UnaryOperation; readonly operand: Expression }
  | {
      readonly kind: 'binary';
      readonly operation: BinaryOperation;
      readonly left: Expression;
      readonly right: Expression;
    }
  /** `condition` (i32) non-zero: `then`, else `otherwise`; both are evaluated. */
  | {
      readonly kind: 'select';
      readonly condition: Expression;
      readonly then: Expression;
      readonly otherwise: Expression;
    }
  /** A value bound earlier in the same row. */
  | { readonly kind: 'local'; readonly name: string; readonly type: ValueType }
  | { readonly kind: 'helper'; readonly helper: Helper; readonly operands: readonly Expression[] };

export type AccessBytes = 1 | 2 | 4 | 8;

export type AtomicOperation = 'swap' | 'add' | 'xor' | 'and' | 'or' | 'min' | 'max' | 'minu' | 'maxu';

/** IEEE formats of F, D and Zfhmin. */
export type FloatFormat = 's' | 'd' | 'h';

/** Integer types of conversions: signed and unsigned 32 and 64 bits. */
export type IntegerFormat = 'w' | 'wu' | 'l' | 'lu';

/**
 * One floating-point instruction. The core checks mstatus.FS, unboxes sources, resolves the rounding mode (field rm
 * [14:12], reserved modes are illegal instructions), accrues flags, boxes results and marks the state dirty.
 */
export type FloatOperation =
  | { readonly operation: 'add' | 'sub' | 'mul' | 'div' | 'min' | 'max' | 'minm' | 'maxm'; readonly format: 's' | 'd' }
  | { readonly operation: 'sqrt' | 'round' | 'roundnx'; readonly format: 's' | 'd' }
  | { readonly operation: 'madd' | 'msub' | 'nmsub' | 'nmadd'; readonly format: 's' | 'd' }
  | { readonly operation: 'sgnj' | 'sgnjn' | 'sgnjx'; readonly format: 's' | 'd' }
  /** Result 0 or 1 in x[rd]. `ltq` and `leq` are the quiet comparisons of Zfa. */
  | { readonly operation: 'eq' | 'lt' | 'le' | 'ltq' | 'leq'; readonly format: 's' | 'd' }
  | { readonly operation: 'class'; readonly format: 's' | 'd' }
  | { readonly operation: 'to-integer'; readonly format: 's' | 'd'; readonly integer: IntegerFormat }
  | { readonly operation: 'from-integer'; readonly format: 's' | 'd'; readonly integer: IntegerFormat }
  | { readonly operation: 'to-float'; readonly format: FloatFormat; readonly from: FloatFormat }
  /** fcvtmod.w.d (Zfa). */
  | { readonly operation: 'to-integer-modular'; readonly format: 'd' }
  /** fli.fmt: constant number rs1 (Zfa). */
  | { readonly operation: 'load-immediate'; readonly format: 's' | 'd' }
  /** fmv.x.fmt and fmv.fmt.x. */
  | { readonly operation: 'move-to-x' | 'move-from-x'; readonly format: FloatFormat };

/** Instructions that the core handles outside generated code. */
export type SystemOperation =
  | 'ecall'
  | 'ebreak'
  | 'mret'
  | 'sret'
  | 'wfi'
  | 'wrs.nto'
  | 'wrs.sto'
  | 'sfence.vma'
  | 'sinval.vma'
  | 'sfence.w.inval'
  | 'sfence.inval.ir'
  | 'fence.i'
  | 'csrrw'
  | 'csrrs'
  | 'csrrc'
  | 'csrrwi'
  | 'csrrsi'
  | 'csrrci'
  | 'cbo.inval'
  | 'cbo.clean'
  | 'cbo.flush'
  | 'cbo.zero'
  | 'illegal';

export type Statement =
  | { readonly kind: 'let'; readonly name: string; readonly type: ValueType; readonly value: Expression }
  /** x[rd] = value; nothing when rd is x0. */
  | { readonly kind: 'set-x'; readonly value: Expression }
  /** Loads and binds an i64, sign- or zero-extended. Misaligned addresses work. May trap. */
  | {
      readonly kind: 'load';
      readonly name: string;
      readonly bytes: AccessBytes;
      readonly signed: boolean;
      readonly address: Expression;
    }
  /** Stores the low bytes of an i64. May trap. */
  | { readonly kind: 'store'; readonly bytes: AccessBytes; readonly address: Expression; readonly value: Expression }
  /** f[rd] = a load of 2, 4 or 8 bytes, boxed; checks mstatus.FS first. */
  | { readonly kind: 'load-float'; readonly format: FloatFormat; readonly address: Expression }
  | { readonly kind: 'store-float'; readonly format: FloatFormat; readonly address: Expression }
  /** pc = pc + immediate when the i32 condition is non-zero. Last statement. */
  | { readonly kind: 'branch'; readonly condition: Expression }
  /** pc = target, an i64 with bit 0 clear. Last statement but for `set-x` rows that link: link comes first as `let`. */
  | { readonly kind: 'jump'; readonly target: Expression }
  | { readonly kind: 'load-reserved'; readonly bytes: 4 | 8 }
  | { readonly kind: 'store-conditional'; readonly bytes: 4 | 8 }
  | { readonly kind: 'atomic'; readonly operation: AtomicOperation; readonly bytes: 4 | 8 }
  /** Order earlier memory accesses before later ones. */
  | { readonly kind: 'fence' }
  | { readonly kind: 'float'; readonly float: FloatOperation }
  | { readonly kind: 'system'; readonly operation: SystemOperation };

export type Semantics = readonly Statement[];

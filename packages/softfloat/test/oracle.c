// The reference for the differential test: executes one RISC-V instruction per record from standard input and answers
// with its result and the flags it raised. Operands and results are images of 64-bit registers.
#include <stdint.h>
#include <stdio.h>

struct record {
  uint32_t operation;
  uint32_t mode;
  uint64_t a, b, c;
};

struct answer {
  uint64_t result, flags;
};

typedef void execute(const struct record *, struct answer *);

// a, b, c are in ft0, ft1, ft2, and a in t1 as well; the instruction leaves its result in ft3 or in t0.
#define EXECUTE(name, instruction, store)                                                                       \
  static void name(const struct record *r, struct answer *s) {                                                  \
    __asm__ volatile("fsrm %[mode]\n\tfsflags x0\n\tld t1, 8(%[r])\n\t"                                          \
                     "fld ft0, 8(%[r])\n\tfld ft1, 16(%[r])\n\tfld ft2, 24(%[r])\n\t" instruction                 \
                     "\n\t" store " 0(%[s])\n\tfrflags t0\n\tsd t0, 8(%[s])\n\t"                                  \
                     :                                                                                          \
                     : [r] "r"(r), [s] "r"(s), [mode] "r"(r->mode)                                              \
                     : "memory", "t0", "t1", "ft0", "ft1", "ft2", "ft3");                                       \
  }
#define TO_F(name, instruction) EXECUTE(name, instruction, "fsd ft3,")
#define TO_X(name, instruction) EXECUTE(name, instruction, "sd t0,")

#define FORMAT(f)                                                  \
  TO_F(add_##f, "fadd." #f " ft3, ft0, ft1")                       \
  TO_F(sub_##f, "fsub." #f " ft3, ft0, ft1")                       \
  TO_F(mul_##f, "fmul." #f " ft3, ft0, ft1")                       \
  TO_F(div_##f, "fdiv." #f " ft3, ft0, ft1")                       \
  TO_F(sqrt_##f, "fsqrt." #f " ft3, ft0")                          \
  TO_F(madd_##f, "fmadd." #f " ft3, ft0, ft1, ft2")                \
  TO_F(msub_##f, "fmsub." #f " ft3, ft0, ft1, ft2")                \
  TO_F(nmsub_##f, "fnmsub." #f " ft3, ft0, ft1, ft2")              \
  TO_F(nmadd_##f, "fnmadd." #f " ft3, ft0, ft1, ft2")              \
  TO_F(min_##f, "fmin." #f " ft3, ft0, ft1")                       \
  TO_F(max_##f, "fmax." #f " ft3, ft0, ft1")                       \
  TO_X(eq_##f, "feq." #f " t0, ft0, ft1")                          \
  TO_X(lt_##f, "flt." #f " t0, ft0, ft1")                          \
  TO_X(le_##f, "fle." #f " t0, ft0, ft1")                          \
  TO_X(class_##f, "fclass." #f " t0, ft0")                         \
  TO_X(to_w_##f, "fcvt.w." #f " t0, ft0")                          \
  TO_X(to_wu_##f, "fcvt.wu." #f " t0, ft0")                        \
  TO_X(to_l_##f, "fcvt.l." #f " t0, ft0")                          \
  TO_X(to_lu_##f, "fcvt.lu." #f " t0, ft0")                        \
  TO_F(from_w_##f, "fcvt." #f ".w ft3, t1")                        \
  TO_F(from_wu_##f, "fcvt." #f ".wu ft3, t1")                      \
  TO_F(from_l_##f, "fcvt." #f ".l ft3, t1")                        \
  TO_F(from_lu_##f, "fcvt." #f ".lu ft3, t1")

FORMAT(s)
FORMAT(d)
TO_F(h_to_s, "fcvt.s.h ft3, ft0")
TO_F(h_to_d, "fcvt.d.h ft3, ft0")
TO_F(s_to_h, "fcvt.h.s ft3, ft0")
TO_F(s_to_d, "fcvt.d.s ft3, ft0")
TO_F(d_to_h, "fcvt.h.d ft3, ft0")
TO_F(d_to_s, "fcvt.s.d ft3, ft0")

#define ROWS(f)                                                                                                 \
  add_##f, sub_##f, mul_##f, div_##f, sqrt_##f, madd_##f, msub_##f, nmsub_##f, nmadd_##f, min_##f, max_##f,     \
      eq_##f, lt_##f, le_##f, class_##f, to_w_##f, to_wu_##f, to_l_##f, to_lu_##f, from_w_##f, from_wu_##f,     \
      from_l_##f, from_lu_##f

// The order is that of `operations` in reference.test.ts.
static execute *const table[] = {ROWS(s), ROWS(d), h_to_s, h_to_d, s_to_h, s_to_d, d_to_h, d_to_s};

int main(void) {
  struct record record;
  struct answer answer;
  while (fread(&record, sizeof record, 1, stdin) == 1) {
    if (record.operation >= sizeof table / sizeof *table) return 1;
    table[record.operation](&record, &answer);
    if (fwrite(&answer, sizeof answer, 1, stdout) != 1) return 1;
  }
  return 0;
}

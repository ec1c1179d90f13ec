import type { DescribedRegister, TargetDescription } from './register-description.ts';

/** Architectural names are as good to GDB as those of the ABI (GDB manual, "RISC-V Features"). */
const CPU = [...Array.from({ length: 32 }, (_, number) => `x${number}`), 'pc'];
const FLOAT = Array.from({ length: 32 }, (_, number) => `f${number}`);
const FLOAT_CONTROL = ['fflags', 'frm', 'fcsr'];
const PRIVILEGE = 'priv';

/** GDB's types: what is shown as a pointer, and to what. */
const TYPES: Readonly<Record<string, string>> = {
  pc: 'code_ptr',
  x1: 'code_ptr',
  x2: 'data_ptr',
  x3: 'data_ptr',
  x4: 'data_ptr',
  x8: 'data_ptr',
};

interface Feature {
  readonly name: string;
  readonly registers: readonly (DescribedRegister & { readonly type: string })[];
}

const feature = (name: string, names: readonly string[], bytes: number, type = 'int'): Feature['registers'] =>
  names.map((register) => ({ name: register, bytes, type: TYPES[register] ?? (name === 'fpu' ? type : 'int') }));

/** Registers of a hart by the names it has for them: what is neither x, f, pc nor priv is a CSR. */
export const riscv64Description = (names: readonly string[]): TargetDescription => {
  const ours = new Set([...CPU, ...FLOAT, ...FLOAT_CONTROL, PRIVILEGE]);
  const features: readonly Feature[] = [
    { name: 'cpu', registers: feature('cpu', CPU, 8) },
    {
      name: 'fpu',
      registers: [...feature('fpu', FLOAT, 8, 'ieee_double'), ...feature('csr', FLOAT_CONTROL, 4)],
    },
    {
      name: 'csr',
      registers: feature(
        'csr',
        names.filter((name) => !ours.has(name)),
        8,
      ),
    },
    { name: 'virtual', registers: feature('virtual', [PRIVILEGE], 1) },
  ];
  let number = 0;
  const line = ({ name, bytes, type }: Feature['registers'][number]): string => {
    const group = number > CPU.length + FLOAT.length ? ' save-restore="no"' : '';
    const text = `<reg name="${name}" bitsize="${bytes * 8}" type="${type}" regnum="${number}"${group}/>`;
    number += 1;
    return text;
  };
  const lines = features.flatMap(({ name, registers }) => [
    `<feature name="org.gnu.gdb.riscv.${name}">`,
    ...registers.map(line),
    '</feature>',
  ]);
  return {
    xml: [
      '<?xml version="1.0"?>',
      '<!DOCTYPE target SYSTEM "gdb-target.dtd">',
      '<target version="1.0">',
      '<architecture>riscv:rv64</architecture>',
      ...lines,
      '</target>',
      '',
    ].join('\n'),
    registers: features.flatMap(({ registers }) => registers.map(({ name, bytes }) => ({ name, bytes }))),
    general: CPU.length,
  };
};

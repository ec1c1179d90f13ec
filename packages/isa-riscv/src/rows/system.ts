/**
 * Zicsr, version 2.0 (unprivileged manual, chapter "Zicsr"; Zicntr adds CSRs, not instructions), the instructions of
 * the privileged manual ("Machine-Mode Privileged Instructions", "Supervisor Instructions"), and Svinval.
 */
import { system } from '../expression.ts';
import { rowsOf } from '../instruction-row.ts';

const csr = rowsOf('Zicsr');
const privileged = rowsOf('privileged');
const svinval = rowsOf('Svinval');

export const systemRows = [
  csr('csrrw', 'csr rs1 001 rd 1110011', 'csr', [system('csrrw')]),
  csr('csrrs', 'csr rs1 010 rd 1110011', 'csr', [system('csrrs')]),
  csr('csrrc', 'csr rs1 011 rd 1110011', 'csr', [system('csrrc')]),
  csr('csrrwi', 'csr uimm 101 rd 1110011', 'csr-immediate', [system('csrrwi')]),
  csr('csrrsi', 'csr uimm 110 rd 1110011', 'csr-immediate', [system('csrrsi')]),
  csr('csrrci', 'csr uimm 111 rd 1110011', 'csr-immediate', [system('csrrci')]),
  privileged('mret', '0011000 00010 00000 000 00000 1110011', 'none', [system('mret')]),
  privileged('sret', '0001000 00010 00000 000 00000 1110011', 'none', [system('sret')]),
  privileged('wfi', '0001000 00101 00000 000 00000 1110011', 'none', [system('wfi')]),
  privileged('sfence.vma', '0001001 rs2 rs1 000 00000 1110011', 'translation-fence', [system('sfence.vma')]),
  svinval('sinval.vma', '0001011 rs2 rs1 000 00000 1110011', 'translation-fence', [system('sinval.vma')]),
  svinval('sfence.w.inval', '0001100 00000 00000 000 00000 1110011', 'none', [system('sfence.w.inval')]),
  svinval('sfence.inval.ir', '0001100 00001 00000 000 00000 1110011', 'none', [system('sfence.inval.ir')]),
];

import { errors } from '../errors.ts';

/** One statement: labels before it, then an instruction or directive with its operands, any of which may be absent. */
export interface SourceStatement {
  /** 1-based. */
  readonly line: number;
  readonly labels: readonly string[];
  /** Empty for a line that has labels only. */
  readonly mnemonic: string;
  readonly operands: readonly string[];
}

/** Splits at `separator` where neither quotes nor parentheses are open. */
const splitOutside = (text: string, separator: string): string[] => {
  const parts: string[] = [];
  let part = '';
  let depth = 0;
  let quote = '';
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charAt(index);
    if (quote !== '') {
      if (character === '\\') {
        part += character;
        index += 1;
      } else if (character === quote) quote = '';
    } else if (character === '"' || character === "'") quote = character;
    else if (character === '(') depth += 1;
    else if (character === ')') depth -= 1;
    else if (character === separator && depth === 0) {
      parts.push(part);
      part = '';
      continue;
    }
    part += text.charAt(index);
  }
  return [...parts, part];
};

const withoutComment = (line: string): string => {
  const beforeHash = splitOutside(line, '#')[0] ?? '';
  const slashes = beforeHash.indexOf('//');
  return slashes === -1 || beforeHash.includes('"') ? beforeHash : beforeHash.slice(0, slashes);
};

const LABEL = /^\s*([A-Za-z_.$][\w.$]*|\d+)\s*:/;
const ASSIGNMENT = /^\s*([A-Za-z_.$][\w.$]*)\s*=(?!=)(.*)$/;

const parseStatement = (text: string, line: number): SourceStatement => {
  const labels: string[] = [];
  let rest = text;
  for (let match = LABEL.exec(rest); match !== null; match = LABEL.exec(rest)) {
    labels.push(match[1] ?? '');
    rest = rest.slice(match[0].length);
  }
  const assignment = ASSIGNMENT.exec(rest);
  if (assignment !== null) {
    return { line, labels, mnemonic: '.equ', operands: [assignment[1] ?? '', (assignment[2] ?? '').trim()] };
  }
  const [, mnemonic = '', operandText = ''] = /^\s*(\S*)\s*(.*?)\s*$/s.exec(rest) ?? [];
  const operands = operandText === '' ? [] : splitOutside(operandText, ',').map((operand) => operand.trim());
  if (operands.some((operand) => operand === '')) {
    throw errors.make('VIV_ASSEMBLER_SYNTAX', `line ${line}: an operand of '${mnemonic}' is empty`, {
      details: { line },
    });
  }
  return { line, labels, mnemonic: mnemonic.toLowerCase(), operands };
};

/** Takes source apart: comments begin with `#` or `//`, statements end at a line end or `;`, `a = b` is `.equ a, b`. */
export const parseSource = (source: string): readonly SourceStatement[] =>
  source.split('\n').flatMap((line, index) =>
    splitOutside(withoutComment(line), ';')
      .map((text) => parseStatement(text, index + 1))
      .filter((statement) => statement.labels.length > 0 || statement.mnemonic !== ''),
  );

/** A column: its heading, and whether its cells are numbers, which end at the same place. */
export interface Column {
  readonly heading: string;
  readonly align?: 'left' | 'right';
}

/** What a guest or a stranger wrote, without what terminals obey. */
export const plainText = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '\ufffd');

/** Lines of a table with a heading. */
export const tableLines = (columns: readonly Column[], rows: readonly (readonly string[])[]): readonly string[] => {
  const cells = [columns.map(({ heading }) => heading), ...rows.map((row) => row.map(plainText))];
  const widths = columns.map((_, index) => Math.max(...cells.map((row) => (row[index] ?? '').length)));
  return cells.map((row) =>
    row
      .map((cell, index) =>
        columns[index]?.align === 'right' ? cell.padStart(widths[index] ?? 0) : cell.padEnd(widths[index] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
};

const KIB = 1024;

/** Bytes as people write them: `128M`, `1.5G`. */
export const sizeText = (bytes: number): string => {
  let value = bytes;
  let unit = 0;
  for (; value >= KIB && unit < 4; unit++) value /= KIB;
  const digits = Number.isInteger(value) || value >= 100 ? 0 : 1;
  return `${value.toFixed(digits)}${'BKMGT'[unit]?.replace('B', '') ?? ''}`;
};

const UNITS = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
] as const;

/** A stretch of time in its largest unit: `3m`. */
export const ageText = (milliseconds: number): string => {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const [name, length] = UNITS.find(([, each]) => seconds >= each) ?? ['s', 1];
  return `${Math.floor(seconds / length)}${name}`;
};

const WIDTH = 12;

/** Prints one row of a table: the first cell to the left, the others to the right. */
export const printRow = (cells: readonly string[]): void => {
  const padded = cells.map((cell, index) => (index === 0 ? cell.padEnd(WIDTH) : cell.padStart(WIDTH)));
  process.stdout.write(`${padded.join('')}\n`);
};

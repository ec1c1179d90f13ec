/** Numbers that the guest said are safe: `safe <n>` on lines of their own. The last line may be cut off. */
export const safeNumbers = (output: string): readonly number[] =>
  output
    .split('\n')
    .slice(0, -1)
    .flatMap((line) => {
      const number = /^safe (\d+)\r?$/.exec(line)?.[1];
      return number === undefined ? [] : [Number(number)];
    });

/** The first promised number that is not a line of the file. */
export const firstLost = (promised: readonly number[], file: string): number | undefined => {
  const lines = new Set(file.split('\n').slice(0, -1));
  return promised.find((number) => !lines.has(`line ${number}`));
};

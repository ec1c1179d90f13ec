/**
 * Lets what is printed on standard output and error end after so many bytes in all. Returns what prints all the same,
 * on standard error.
 */
export const boundOutput = (most: number): ((text: string) => void) => {
  let left = most;
  const print = process.stderr.write.bind(process.stderr);
  for (const stream of [process.stdout, process.stderr]) {
    stream.write = (text: Uint8Array | string): boolean => {
      const bytes = Buffer.from(text as string).subarray(0, left);
      left -= bytes.length;
      return bytes.length === 0 || print(bytes);
    };
  }
  return (text) => void print(text);
};

/**
 * An input: a list of actions, each of them some bytes that a target takes its decisions from (`Choices`). Bytes that
 * change, or are missing, change decisions and never the shape of the list, so that what was found is found again.
 */
export type Program = readonly Uint8Array[];

export const LONGEST_ACTION = 255;
export const MOST_ACTIONS = 256;

/** As one line of text. */
export const formatProgram = (program: Program): string =>
  program.map((action) => (action.length === 0 ? '-' : Buffer.from(action).toString('hex'))).join(' ');

/** Undefined when the text is none. */
export const parseProgram = (line: string): Program | undefined => {
  const words = line.trim().split(/\s+/);
  const isProgram = words.every((word) => word === '-' || (/^(?:[0-9a-f]{2})+$/.test(word) && word.length <= 510));
  if (!isProgram || words.length > MOST_ACTIONS) return undefined;
  return words.map((word) => (word === '-' ? new Uint8Array(0) : Uint8Array.from(Buffer.from(word, 'hex'))));
};

/** Bytes that a flat program takes at most. */
export const LARGEST_FLAT = 2 + MOST_ACTIONS * (1 + LONGEST_ACTION);

/** Writes a program into shared memory, where it outlives the thread that runs it. */
export const flatten = (program: Program, into: Uint8Array): void => {
  into[0] = program.length & 0xff;
  into[1] = program.length >> 8;
  let at = 2;
  for (const action of program) {
    into[at] = action.length;
    into.set(action, at + 1);
    at += 1 + action.length;
  }
};

export const unflatten = (flat: Uint8Array): Program => {
  const count = (flat[0] ?? 0) | ((flat[1] ?? 0) << 8);
  const program: Uint8Array[] = [];
  for (let index = 0, at = 2; index < count; index++) {
    const length = flat[at] ?? 0;
    program.push(flat.slice(at + 1, at + 1 + length));
    at += 1 + length;
  }
  return program;
};

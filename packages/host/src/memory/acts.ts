import * as z from 'zod';

/** Pages that one act looks at, and takes, at most: some ten milliseconds. */
export const MOST_PAGES = 2048;
/** Pages of which the contents go over in one message. */
export const MOST_FETCHED = 16;

const whole = z.int().min(0);
const amount = whole.max(2 ** 40);

/** What a host has a cell do with its guest's memory. Lists of numbers come as the bytes of a Uint32Array. */
export const memoryAct = z.discriminatedUnion('do', [
  /** Only says how it is. */
  z.object({ do: z.literal('look') }),
  /** A window begins: from now on pages are idle until somebody looks at them. */
  z.object({ do: z.literal('window') }),
  /** Takes idle pages of zeroes, and lists others from a page on: page, and its hash in two halves. */
  z.object({ do: z.literal('survey'), from: whole }),
  /** The contents of pages (in `bytes`), as far as they are still idle: page after page, with its number in `pages`. */
  z.object({ do: z.literal('fetch') }),
  /** Takes pages that are what the shared file has: pairs of page and slot in `bytes`. */
  z.object({ do: z.literal('adopt'), file: z.string().max(4096) }),
  /** Wins so many bytes, if it can; idle pages go first. */
  z.object({ do: z.literal('compress'), amount }),
  z.object({ do: z.literal('swap'), amount }),
  z.object({ do: z.literal('balloon'), target: amount }),
]);
export type MemoryAct = z.infer<typeof memoryAct>;

/** Memory of a machine, in bytes. */
export const memoryReport = z.object({
  size: amount,
  /** With memory behind it, and looked at in this window. */
  present: amount,
  active: amount,
  /** Absent: zeroes, or never touched; in the shared file; compressed, and what that takes; in the swap file. */
  zero: amount,
  shared: amount,
  compressed: amount,
  compressedHeld: amount,
  compressedMost: amount,
  swapped: amount,
  swapMost: amount,
  balloon: z.object({ actual: amount, target: amount, limit: amount }).optional(),
  /** Pages brought back so far, from where reading takes a moment. */
  restored: amount,
});
export type MemoryReport = z.infer<typeof memoryReport>;

/** What comes of an act. */
export const memoryAnswer = z.object({
  report: memoryReport,
  /** Bytes of the host's memory that were won. */
  won: amount,
  /** Of a survey: where the next one begins; absent at the end. */
  next: whole.optional(),
  /** Of `fetch`: the pages, in the order of the bytes. Of `adopt`: those that were taken. */
  pages: z.array(whole).max(MOST_PAGES).optional(),
  /** Slots of the shared file that are not needed any more: one entry each time. */
  released: z.array(whole).max(MOST_PAGES).optional(),
  /** Something that could not be done; nothing was lost by it. */
  trouble: z.object({ code: z.string().max(128), message: z.string().max(8192) }).optional(),
});
export type MemoryAnswer = z.infer<typeof memoryAnswer>;

export const numbersIn = (bytes: Uint8Array | undefined): readonly number[] => {
  if (bytes === undefined) return [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: Math.floor(bytes.length / 4) }, (_, index) => view.getUint32(index * 4, true));
};

export const bytesOf = (numbers: readonly number[]): Uint8Array => {
  const view = new DataView(new ArrayBuffer(numbers.length * 4));
  numbers.forEach((number, index) => view.setUint32(index * 4, number, true));
  return new Uint8Array(view.buffer);
};

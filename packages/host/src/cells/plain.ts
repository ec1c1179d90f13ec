import { isVivariumError } from '@vivarium/contracts';
import type { CellEnd, CodedError } from './end.ts';
import { LONGEST_TEXT, type PlainEnd } from './messages.ts';

/** Cut to what a message may hold. */
export const cut = (text: string, longest = LONGEST_TEXT): string =>
  text.length > longest ? `${text.slice(0, longest - 1)}…` : text;

/** What was thrown, as plain data; `code` when it has none of ours. */
export const codedError = (error: unknown, code: string): CodedError => {
  const message = cut(error instanceof Error ? error.message : String(error));
  if (!isVivariumError(error)) return { code, message };
  return { code: error.code, message, ...(error.hint === undefined ? {} : { hint: cut(error.hint) }) };
};

/** An end as it is sent. */
export const plainEnd = (end: CellEnd): PlainEnd => {
  if (end.kind !== 'fault') return end;
  const { code, message, vcpu, pc } = end.fault;
  return {
    kind: 'fault',
    fault: {
      code,
      message: cut(message),
      ...(vcpu === undefined ? {} : { vcpu }),
      ...(pc === undefined ? {} : { pc: `0x${pc.toString(16)}` }),
    },
  };
};

const DEEPEST = 6;
const MOST_ENTRIES = 64;
/** Values of one event, all depths together. */
const MOST_VALUES = 256;

/** An event of a machine as plain data: numbers of 64 bits in hexadecimal, errors by code and message, all of it bounded. */
export const plainEvent = (event: unknown): unknown => {
  let left = MOST_VALUES;
  const plain = (value: unknown, depth: number): unknown => {
    if (--left < 0) return undefined;
    if (typeof value === 'string') return cut(value, 1024);
    if (typeof value === 'bigint') return `0x${value.toString(16)}`;
    if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
    if (value === null || typeof value === 'boolean') return value;
    if (value instanceof Error) return codedError(value, value.name);
    if (typeof value !== 'object' || depth >= DEEPEST) return undefined;
    if (Array.isArray(value)) return value.slice(0, MOST_ENTRIES).map((each) => plain(each, depth + 1) ?? null);
    const entries = Object.entries(value).slice(0, MOST_ENTRIES);
    return Object.fromEntries(entries.map(([key, each]) => [cut(key, 128), plain(each, depth + 1)]));
  };
  return plain(event, 0);
};

import { errors } from './errors.ts';
import type { FileRecord, RecordStore } from './record-table.ts';

/** First line of a journal. */
const HEADER = '{"vivarium":"file records","version":1}';
/** Bytes of changes before a journal is written anew, besides as many as it had when it was written last. */
const WASTE = 16 * 1024 * 1024;
const BATCH = 1000;
/** What can be read as one text. */
const LARGEST = 512 * 1024 * 1024 - 1024;

const encode = (lines: readonly string[]): Uint8Array =>
  new TextEncoder().encode(lines.map((line) => `${line}\n`).join(''));

/** A file that a journal is kept in. */
export interface JournalFile {
  /** For messages. */
  readonly name: string;
  readonly readOnly: boolean;
  /** All that is in it. */
  read(): Uint8Array;
  append(bytes: Uint8Array): void;
  /** Has these bytes instead of what is in it, all or, after a crash, what was there before. */
  replace(pieces: Iterable<Uint8Array>): void;
}

/**
 * Records in a file: a line of JSON for each change, so that a crash costs the last line at most. What was written is
 * safe from a crash of the process at once, and from one of the host when the host has written it back.
 */
export class RecordJournal implements RecordStore {
  readonly #file: JournalFile;
  #records: ReadonlyMap<string, FileRecord>;
  #size = 0;
  /** Where the journal is wasteful. */
  #limit = 0;

  /** @throws `VIV_HOST_DIRECTORY_RECORDS` when the file is not empty and no journal. */
  constructor(file: JournalFile) {
    this.#file = file;
    this.#records = read(file);
    // Also cuts off what a crash left of a last line.
    this.rewrite(this.#records);
  }

  get wasteful(): boolean {
    return !this.#file.readOnly && this.#size > this.#limit;
  }

  load(): ReadonlyMap<string, FileRecord> {
    const records = this.#records;
    this.#records = new Map();
    return records;
  }

  changed(key: string, record: FileRecord | undefined): void {
    if (this.#file.readOnly) return;
    const line = encode([JSON.stringify([key, record ?? null])]);
    this.#file.append(line);
    this.#size += line.length;
  }

  rewrite(records: Iterable<readonly [string, FileRecord]>): void {
    if (this.#file.readOnly) return;
    this.#size = 0;
    this.#file.replace(this.#pieces(records));
    this.#limit = 2 * this.#size + WASTE;
  }

  *#pieces(records: Iterable<readonly [string, FileRecord]>): Generator<Uint8Array> {
    for (const lines of batches(records)) {
      const bytes = encode(lines);
      this.#size += bytes.length;
      yield bytes;
    }
  }
}

/** The lines of a journal, some at a time. */
function* batches(records: Iterable<readonly [string, FileRecord]>): Generator<readonly string[]> {
  let lines = [HEADER];
  for (const entry of records) {
    lines.push(JSON.stringify(entry));
    if (lines.length < BATCH) continue;
    yield lines;
    lines = [];
  }
  yield lines;
}

const read = (file: JournalFile): ReadonlyMap<string, FileRecord> => {
  const refuse = (why: string) =>
    errors.make('VIV_HOST_DIRECTORY_RECORDS', `${file.name}: ${why}`, { details: { file: file.name } });
  const bytes = file.read();
  if (bytes.length > LARGEST) throw refuse(`it is larger than ${LARGEST} bytes`);
  const text = new TextDecoder().decode(bytes);
  // What is behind the last line feed was cut short by a crash.
  const lines = text.split('\n').slice(0, -1);
  const records = new Map<string, FileRecord>();
  if (text === '') return records;
  if (lines[0] !== HEADER) throw refuse('it is no file of records');
  for (const [index, line] of lines.slice(1).entries()) {
    const change = parse(line);
    if (change === undefined) throw refuse(`line ${index + 2} is no record`);
    const [key, record] = change;
    if (record === null) records.delete(key);
    else records.set(key, record);
  }
  return records;
};

const isNumber = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const NUMBERS = ['uid', 'gid', 'mode', 'hostMode', 'rdev'];

const parse = (line: string): readonly [string, FileRecord | null] | undefined => {
  const value = parseJson(line);
  if (!Array.isArray(value) || value.length !== 2) return undefined;
  const [key, record] = value as readonly unknown[];
  if (typeof key !== 'string') return undefined;
  if (record === null) return [key, null];
  if (typeof record !== 'object' || record === undefined) return undefined;
  const right = Object.entries(record).every(([name, field]) => {
    if (NUMBERS.includes(name)) return isNumber(field);
    return (
      name === 'extended' &&
      typeof field === 'object' &&
      field !== null &&
      Object.values(field as Record<string, unknown>).every(isHex)
    );
  });
  return right ? [key, record] : undefined;
};

const isHex = (value: unknown): boolean => typeof value === 'string' && /^(?:[0-9a-f]{2})*$/.test(value);

const parseJson = (line: string): unknown => {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
};

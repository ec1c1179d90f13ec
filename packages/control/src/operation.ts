import type * as z from 'zod';
import type { Role } from './roles.ts';

/** What is common to all operations. */
interface OperationRow {
  readonly path: `/${string}`;
  /** Least role that may ask for it. */
  readonly role: Role;
  /** Whether it is audited even when it succeeds. */
  readonly effect: 'reads' | 'changes';
  readonly summary: string;
  /** One object: parts of the path by their names, all else in the query (GET, DELETE), the body, or a stream's first message. */
  readonly input: z.ZodObject;
}

/** Asked once, answered once. */
export interface Call extends OperationRow {
  readonly kind: 'call';
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly output: z.ZodType;
}

/** Stays open: bytes on channels and notes (JSON) in both directions, until one side ends it. */
export interface Stream extends OperationRow {
  readonly kind: 'stream';
  readonly method: 'GET';
  /** Notes that the caller may send, and that it gets. */
  readonly hears: z.ZodType;
  readonly tells: z.ZodType;
  /** What its channels of bytes are, by their numbers. */
  readonly channels: Readonly<Record<number, string>>;
  /** Those on which the caller may send, too. */
  readonly takes: readonly number[];
}

export type Operation = Call | Stream;

export const call = <const Row extends Omit<Call, 'kind'>>(row: Row) => ({ kind: 'call' as const, ...row });
export const stream = <const Row extends Omit<Stream, 'kind' | 'method'>>(row: Row) => ({
  kind: 'stream' as const,
  method: 'GET' as const,
  ...row,
});

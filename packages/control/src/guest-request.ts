import * as z from 'zod';
import type { GuestLine } from './guest-lines.ts';
import { operationNamed } from './operations.ts';

/** What a guest asks, once what it sent is known to be a request. */
const guestRequest = z.strictObject({
  id: z.union([z.int(), z.string().max(64)]),
  call: z.string().min(1).max(64),
  input: z.record(z.string(), z.unknown()).optional(),
});

export type GuestRequest = z.output<typeof guestRequest>;

/** The request in a line, or why there is none, with the id if that much can be read. */
export const parseGuestRequest = (
  line: GuestLine,
): GuestRequest | { readonly id: GuestRequest['id'] | null; readonly wrong: string } => {
  if ('wrong' in line) return { id: null, wrong: line.wrong };
  let value: unknown;
  try {
    value = JSON.parse(line.text);
  } catch {
    return { id: null, wrong: 'the line is not JSON' };
  }
  const { data, error } = guestRequest.safeParse(value);
  if (data !== undefined) return data;
  const [issue] = error.issues;
  const path = issue?.path.join('.') ?? '';
  const { data: id = null } = guestRequest.shape.id.safeParse((value as { readonly id?: unknown } | null)?.id);
  return { id, wrong: `${path === '' ? 'the request' : path}: ${issue?.message}` };
};

const json = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/**
 * The input of a call as its schema wants it: shells have text alone, so text is read as JSON where the operation takes
 * no text, or not this one.
 */
export const inputOf = ({ call, input = {} }: GuestRequest): Readonly<Record<string, unknown>> => {
  const shape = operationNamed(call)?.input.shape ?? {};
  const read = (name: string, value: unknown): unknown => {
    const field = Object.hasOwn(shape, name) ? (shape[name] as z.ZodType) : undefined;
    if (typeof value !== 'string' || field === undefined || field.safeParse(value).success) return value;
    const meant = json(value);
    return meant !== undefined && field.safeParse(meant).success ? meant : value;
  };
  return Object.fromEntries(Object.entries(input).map(([name, value]) => [name, read(name, value)]));
};

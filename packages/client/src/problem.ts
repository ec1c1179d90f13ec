import { VivariumError } from '@vivarium/contracts';
import { errors } from './errors.ts';

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** An object of JSON. Throws `VIV_CLIENT_ANSWER`. */
export const objectOf = (text: string): Readonly<Record<string, unknown>> => {
  const value = parsed(text);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw errors.make('VIV_CLIENT_ANSWER', 'the answer is no JSON object');
};

/** The error that a problem of the daemon says. */
export const errorOf = (problem: unknown): VivariumError => {
  const { code, detail, hint, status } = (problem ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof code !== 'string' || typeof detail !== 'string') {
    return errors.make('VIV_CLIENT_ANSWER', 'the answer is neither a result nor a problem');
  }
  return new VivariumError(code, detail, {
    ...(typeof hint === 'string' ? { hint } : {}),
    ...(typeof status === 'number' ? { details: { status } } : {}),
  });
};

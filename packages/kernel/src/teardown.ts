import { isVivariumError, VivariumError } from '@vivarium/contracts';
import type { FailureLog } from './failure-log.ts';
import type { LivePart } from './live-part.ts';

/**
 * Takes `parts`, in the order they were built, down in reverse: stops those that were started, then disposes all and
 * revokes what they hold. Never throws: what a hook throws, or that it hangs, is reported and returned.
 */
export const tearDown = async (parts: readonly LivePart[], failures: FailureLog): Promise<readonly unknown[]> => {
  const thrown: unknown[] = [];
  const attempt = async (part: LivePart, hook: 'stop' | 'dispose'): Promise<void> => {
    try {
      await part.call(hook);
    } catch (error) {
      thrown.push(error);
      failures.report(part.spec.id, hook, error);
    }
  };
  for (const part of parts.toReversed()) {
    if (!part.started) continue;
    part.started = false;
    await attempt(part, 'stop');
  }
  for (const part of parts.toReversed()) {
    await attempt(part, 'dispose');
    part.revoke();
  }
  return thrown;
};

/** `first` as it was, with what went wrong after it put beside its cause in an AggregateError. */
export const withLaterErrors = (first: unknown, later: readonly unknown[]): unknown => {
  if (later.length === 0) return first;
  const causes = isVivariumError(first) && first.cause === undefined ? later : [causeOf(first), ...later];
  const cause = new AggregateError(causes, `${later.length} more went wrong after it`);
  if (!isVivariumError(first)) return cause;
  return new VivariumError(first.code, first.message, {
    cause,
    details: first.details,
    ...(first.hint === undefined ? {} : { hint: first.hint }),
  });
};

const causeOf = (error: unknown): unknown => (isVivariumError(error) ? error.cause : error);

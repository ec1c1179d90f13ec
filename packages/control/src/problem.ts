import { isVivariumError } from '@vivarium/contracts';
import * as z from 'zod';

/** An error on its way to a caller: problem details of RFC 9457, with our code, and what to do. */
export const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string(),
  hint: z.string().optional(),
});
export type Problem = z.output<typeof problem>;

/** Status codes of RFC 9110 by our codes; by their beginnings where many have one. 500 is a bug. */
const STATUS: readonly (readonly [code: RegExp, status: number, title: string])[] = [
  [/^VIV_(CONTROL|DAEMON)_UNAUTHENTICATED$/, 401, 'Unauthorized'],
  [/^VIV_(CONTROL_FORBIDDEN|CONTROL_SELF|DAEMON_ORIGIN)$/, 403, 'Forbidden'],
  [/^VIV_(CONTROL_UNKNOWN|CONTROL_NO_MACHINE|HOST_UNKNOWN|CELL_CONSOLE)$/, 404, 'Not Found'],
  [/^VIV_DAEMON_METHOD$/, 405, 'Method Not Allowed'],
  [/^VIV_DAEMON_TIMEOUT$/, 408, 'Request Timeout'],
  [/^VIV_DAEMON_BODY_LARGE$/, 413, 'Content Too Large'],
  [/^VIV_DAEMON_BODY_TYPE$/, 415, 'Unsupported Media Type'],
  [/^VIV_DAEMON_UPGRADE$/, 426, 'Upgrade Required'],
  [/^VIV_(HOST_STATE|CELL_STATE|CELL_ENDED|HOST_NAME_TAKEN)$/, 409, 'Conflict'],
  [/^VIV_CONTROL_(NAME_TAKEN|UNSCHEDULED|NO_EXEC|EXEC_ENDED|EXEC_SILENT)$/, 409, 'Conflict'],
  [/^VIV_(HOST_FULL|HOST_ADMISSION|CONTROL_BUSY|CELL_VIEWERS|DAEMON_BUSY)$/, 503, 'Service Unavailable'],
  [/^VIV_(CONTROL_INTERNAL|CONTROL_STATE|CELL_PART_THREW|HOST_POLICY)$/, 500, 'Internal Server Error'],
  // What a template or a recipe says about its options, and all else that callers can do something about.
  [/^VIV_/, 400, 'Bad Request'],
];

const LONGEST_DETAIL = 4096;

/** The problem that an error is. What has no code tells nothing of its insides. */
export const problemOf = (error: unknown): Problem => {
  const known = isVivariumError(error) ? error : undefined;
  const code = known?.code ?? 'VIV_CONTROL_INTERNAL';
  const [, status, title] = STATUS.find(([pattern]) => pattern.test(code)) ?? [undefined, 500, 'Internal Server Error'];
  const hint = known === undefined ? "The daemon's log has more; report it." : known.hint;
  return {
    type: 'about:blank',
    title,
    status,
    detail: (known?.message ?? 'something failed that has no code of its own').slice(0, LONGEST_DETAIL),
    code,
    ...(hint === undefined ? {} : { hint }),
  };
};

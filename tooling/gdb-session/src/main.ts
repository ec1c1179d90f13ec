/**
 * Debugging sessions: GDB attaches to machines that run bare code and a Debian kernel, and what it shows is checked.
 * Arguments choose sessions: `bare`, `kernel`; without any, both. Prints a line for each thing that was shown; the
 * exit code is 0 when all of them held.
 */
import { bareSession } from './bare-session.ts';
import { kernelSession } from './kernel-session.ts';
import { line } from './report.ts';

const SESSIONS = { bare: bareSession, kernel: kernelSession } as const;

const chosen = process.argv.slice(2);
for (const name of chosen.length === 0 ? Object.keys(SESSIONS) : chosen) {
  const session = (SESSIONS as Readonly<Record<string, typeof bareSession | undefined>>)[name];
  if (session === undefined)
    throw new Error(`there is no session '${name}'; there are ${Object.keys(SESSIONS).join(', ')}`);
  const checks = await session();
  for (const check of checks) console.log(line(check));
  if (checks.some(({ failure }) => failure !== undefined)) process.exitCode = 1;
}

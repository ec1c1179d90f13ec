/** Exit codes of `viv run`; with `--exec`, the command's own exit code comes first. */
export const ExitCode = {
  powerOff: 0,
  error: 1,
  usage: 2,
  /** EX_SOFTWARE of sysexits.h: the guest did something it cannot recover from. */
  guestFault: 70,
  /** As coreutils' `timeout`. */
  timeout: 124,
  /** As a shell reports death by SIGPIPE: the reader of standard output went away. */
  outputClosed: 141,
} as const;

const SIGNAL_NUMBERS: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };

/** As a shell reports death by a signal. */
export const signalExitCode = (signal: string): number => 128 + (SIGNAL_NUMBERS[signal] ?? 0);

/** A guest's 32-bit failure code as far as an exit code can carry it: never 0. */
export const failureExitCode = (code: number): number => Math.min(Math.max(code, 1), 255);

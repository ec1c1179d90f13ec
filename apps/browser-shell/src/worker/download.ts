import { VivariumError } from '@vivarium/contracts';
import { errors } from '../errors.ts';
import { GUEST_PATH, type GuestDescription, type GuestFile } from '../guest-description.ts';
import type { MachineEvent } from '../protocol.ts';

export type ReadyGuest = GuestDescription & { readonly state: 'ready' };
type ReportProgress = (progress: MachineEvent & { readonly kind: 'progress' }) => void;

/** Milliseconds between two questions while the server prepares its guest. */
const ASK_AGAIN = 500;

const request = async (path: string, signal: AbortSignal): Promise<Response> => {
  const response = await fetch(path, { signal }).catch((cause: unknown) => {
    throw errors.make('VIV_SHELL_SERVER', `the server cannot be reached for ${path}`, { cause });
  });
  if (response.ok) return response;
  throw errors.make('VIV_SHELL_SERVER', `the server answered ${response.status} for ${path}`);
};

const describe = async (signal: AbortSignal): Promise<GuestDescription> => {
  const response = await request(GUEST_PATH, signal);
  return (await response.json().catch((cause: unknown) => {
    throw errors.make('VIV_SHELL_SERVER', `the server's answer for ${GUEST_PATH} is no description of a guest`, {
      cause,
    });
  })) as GuestDescription;
};

/** The server's guest, once it is prepared. Throws `VIV_SHELL_SERVER`, and the server's own error when that failed. */
export const findGuest = async (report: ReportProgress, signal: AbortSignal): Promise<ReadyGuest> => {
  for (;;) {
    const guest = await describe(signal);
    if (guest.state === 'ready') return guest;
    if (guest.state === 'failed') {
      const { code, message, hint } = guest.problem;
      throw new VivariumError(code, message, hint === undefined ? {} : { hint });
    }
    const { state: _state, ...progress } = guest;
    report({ kind: 'progress', ...progress });
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN));
  }
};

/** A file of the guest. Throws `VIV_SHELL_SERVER` and `VIV_SHELL_DOWNLOAD`. */
export const download = async (
  name: string,
  { path, length }: GuestFile,
  report: ReportProgress,
  signal: AbortSignal,
): Promise<Uint8Array> => {
  const { body } = await request(path, signal);
  const bytes = new Uint8Array(length);
  let done = 0;
  const broken = (what: string, cause?: unknown): Error =>
    errors.make('VIV_SHELL_DOWNLOAD', `the download of the ${name} ${what}`, { cause });
  const reader = body?.getReader();
  for (;;) {
    const piece = await reader?.read().catch((cause: unknown) => {
      throw broken(`broke off after ${done} of ${length} bytes`, cause);
    });
    if (piece?.value === undefined) break;
    if (done + piece.value.length > length) throw broken(`is longer than ${length} bytes`);
    bytes.set(piece.value, done);
    done += piece.value.length;
    report({ kind: 'progress', message: `Downloading the ${name}`, done, total: length });
  }
  if (done < length) throw broken(`ended after ${done} of ${length} bytes`);
  return bytes;
};

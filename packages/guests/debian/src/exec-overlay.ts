import { writeCpio } from './cpio.ts';
import { guestError } from './errors.ts';

/**
 * An archive to append to the initrd: init then runs `command` with `sh` instead of an interactive shell, standard
 * output on ttyS2, standard error on ttyS3, and writes `exit <code>` to ttyS1 before it powers off.
 *
 * The command may have any length and any character but NUL. The initrd has a length that is a multiple of 512, so
 * the overlay may follow it directly.
 *
 * @throws VIV_GUEST_COMMAND
 */
export const execOverlay = (command: string): Uint8Array => {
  if (command.includes('\0')) throw guestError('VIV_GUEST_COMMAND', 'the command contains a NUL character');
  return writeCpio([
    { type: 'directory', path: 'viv' },
    { type: 'file', path: 'viv/exec', data: new TextEncoder().encode(`${command}\n`) },
  ]);
};

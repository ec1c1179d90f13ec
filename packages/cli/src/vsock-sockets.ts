import { type VsockUnixSockets, vsockUnixSockets } from '@vivarium/board-virt/node';
import { VsockHostToken } from '@vivarium/contracts';
import type { Machine } from '@vivarium/kernel';
import type { RunRequest } from './command-line.ts';
import type { Notices } from './notices.ts';

/** Makes the Unix sockets into the guest, when they were asked for, and says where. Throws coded errors. */
export const openVsockSockets = async (
  { vsock }: RunRequest,
  machine: Machine,
  notices: Notices,
): Promise<VsockUnixSockets | undefined> => {
  if (vsock === undefined) return undefined;
  const sockets = await vsockUnixSockets(machine.get(VsockHostToken), { path: vsock.path });
  notices.say(`vsock: the guest, cid ${vsock.cid}, is at ${sockets.path}`);
  return sockets;
};

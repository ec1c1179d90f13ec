import { ClockToken, CpuCoreToken, MachineMemoryToken } from '@vivarium/contracts';
import type { Machine } from '@vivarium/kernel';

// Web Crypto is the one SHA-256 that Node and browsers share.
declare const crypto: {
  readonly subtle: { digest(algorithm: 'SHA-256', data: Uint8Array): Promise<ArrayBuffer> };
};
declare const TextEncoder: new () => { encode(text: string): Uint8Array };

/** RAM is hashed piece by piece: Web Crypto takes neither a stream nor shared memory. */
const PIECE = 4 << 20;

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

const sha256 = async (bytes: Uint8Array): Promise<string> =>
  hex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));

/**
 * One number for the state of a machine that is not running: time, every register of every vCPU, and all RAM, as 64
 * hexadecimal digits. Two runs with the virtual clock and the same inputs have the same hash, on every host.
 */
export const stateHash = async (machine: Machine): Promise<string> => {
  const lines = [`now ${machine.get(ClockToken).now()}`];
  for (const vcpu of machine.get(CpuCoreToken).vcpus) {
    lines.push(`vcpu ${vcpu.index} running ${vcpu.running} retired ${vcpu.retired}`);
    for (const name of vcpu.registerNames) lines.push(`${name} ${vcpu.readRegister(name)?.toString(16)}`);
  }
  const memory = machine.get(MachineMemoryToken);
  for (const { base, length } of memory.banks) {
    for (let at = 0; at < length; at += PIECE) {
      const piece = memory.read(base + at, Math.min(PIECE, length - at)) ?? new Uint8Array();
      lines.push(`ram ${(base + at).toString(16)} ${await sha256(piece)}`);
    }
  }
  return sha256(new TextEncoder().encode(lines.join('\n')));
};

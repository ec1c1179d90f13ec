/**
 * The GDB remote protocol for machines: `target remote` of GDB attaches to a running machine, halts, steps and resumes
 * its vCPUs, sets breakpoints and watchpoints, and reads and writes registers and memory. vCPUs are threads.
 *
 * Specification: Debugging with GDB, appendix "GDB Remote Serial Protocol",
 * https://sourceware.org/gdb/current/onlinedocs/gdb.html/Remote-Protocol.html, and appendix "Target Descriptions".
 *
 * This module knows no sockets; `@vivarium/gdb-stub/node` listens on TCP.
 *
 * @example
 * import type { DebugTarget } from '@vivarium/contracts';
 * import { describeTarget, GdbConnection } from '@vivarium/gdb-stub';
 *
 * declare const target: DebugTarget; // for example `cell.debug` of @vivarium/host
 * declare const socket: { send(bytes: Uint8Array): void; close(): void };
 *
 * const description = describeTarget(target.architecture, target.vcpus[0]);
 * const connection = new GdbConnection(target, description, socket);
 * connection.receive(Uint8Array.of(0x2b)); // what the socket brings; `closed` when it is gone
 *
 * @module
 */
export { PACKET_SIZE } from './client.ts';
export { GdbConnection, type GdbTransport } from './connection.ts';
export { errorTable } from './errors.ts';
export { formatPacket, type Incoming, PacketReader } from './packet.ts';
export type { DescribedRegister, TargetDescription } from './register-description.ts';
export { describeTarget } from './target-description.ts';

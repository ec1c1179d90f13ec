/**
 * The daemon: a host of many machines, and its control plane over HTTP and WebSocket, on a Unix socket and, with tokens,
 * on the loopback. It can be killed at any moment: machines go on, and the next daemon finds them.
 *
 * @example
 * import { startDaemon } from '@vivarium/daemon';
 *
 * const daemon = await startDaemon({
 *   socket: '/run/user/1000/vivarium/control.sock',
 *   state: '/var/lib/vivarium',
 *   templates: { mine: () => ({ recipe: { module: import.meta.resolve('./my-machine.js') } }) },
 * });
 * process.once('SIGTERM', () => void daemon.leave());
 *
 * @module
 */
export { type Guard, ownerGuard, tokenGuard } from './access/guard.ts';
export { checkFolder } from './access/folder.ts';
export { readTokens, type TokenHolder, Tokens } from './access/tokens.ts';
export { type Daemon, type DaemonOptions, startDaemon, type TcpOptions } from './daemon.ts';
export { errorTable } from './errors.ts';
export { ControlServer, type ControlServerOptions } from './http/control-server.ts';
export { DEFAULT_LIMITS, type ServerLimits } from './limits.ts';
export { RequestCounts } from './metrics.ts';

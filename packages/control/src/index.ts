/**
 * The control plane of a host of many machines, without a transport. One table of operations as data says what can be
 * asked for, by whom, with what input, and what comes back; authorisation, the audit log, routers, clients and the
 * OpenAPI document are all made from it.
 *
 * @example
 * import { createControl } from '@vivarium/control';
 * import { createHost, inlineCells } from '@vivarium/host';
 *
 * const control = createControl({
 *   host: createHost({ kinds: [inlineCells()] }),
 *   templates: { mine: () => ({ recipe: { module: import.meta.resolve('./my-machine.js') } }) },
 *   cell: 'inline',
 * });
 * await control.recover();
 * const me = { name: 'me', role: 'admin', via: 'process' } as const;
 * await control.call(me, 'create', { name: 'web', template: 'mine', start: true });
 *
 * @module
 */
export { type AuditLog, memoryAudit } from './audit.ts';
export { type Control, type ControlOptions, createControl } from './control.ts';
export { errorTable } from './errors.ts';
export {
  type ExecConsoles,
  type MachineRecord,
  machineRecord,
  type MachineStore,
  memoryStore,
  pastOf,
} from './machine-record.ts';
export { openApi } from './openapi.ts';
export type { Call, Operation, Stream } from './operation.ts';
export {
  type CallName,
  type HeardBy,
  type InputOf,
  type OperationName,
  operationNamed,
  type Operations,
  operations,
  type OutputOf,
  type StreamName,
  type ToldBy,
} from './operations.ts';
export { type Problem, problem, problemOf } from './problem.ts';
export { allows, type Principal, type Role, ROLES } from './roles.ts';
export { fromQuery, inQuery, type NoRoute, type Route, requestFor, route } from './router.ts';
export type { AuditEntry, EventView, MachineView, UsageView } from './schemas.ts';
export type { OpenStream, StreamPeer } from './stream-ends.ts';
export type { Template, Templated } from './template.ts';

/**
 * State of a control plane in files of Node: records of machines, and the audit log.
 *
 * @example
 * import { auditFile, fileStore } from '@vivarium/control/node';
 *
 * const store = await fileStore('/var/lib/vivarium/machines');
 * const audit = await auditFile('/var/lib/vivarium/audit.jsonl');
 *
 * @module
 */
export { auditFile, type AuditFileOptions } from './node/audit-file.ts';
export { fileStore } from './node/file-store.ts';

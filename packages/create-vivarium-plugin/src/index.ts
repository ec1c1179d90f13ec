/**
 * `npm create vivarium-plugin`: starts a plugin package, with a small device that works and tests that pass.
 *
 * @example
 * import { projectFiles, writeProject } from 'create-vivarium-plugin';
 *
 * const files = projectFiles({
 *   name: 'my-device', kind: 'virtio', licence: 'MIT', packageManager: 'npm', year: 2026,
 * });
 * await writeProject('my-device', files);
 *
 * @module
 */
export { main, type Process } from './main-program.ts';
export { errorTable } from './errors.ts';
export type { Kind } from './kinds.ts';
export type { Licence } from './licences.ts';
export type { PackageManager } from './npm-or-pnpm.ts';
export { projectFiles } from './project.ts';
export type { ProjectRequest } from './project-request.ts';
export { writeProject } from './write-project.ts';

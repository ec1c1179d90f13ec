/**
 * A host and its guests from a YAML or JSON file: the file is checked as one from a stranger, guests start in its order,
 * each in a process of its own with pCPUs by weight and cap, and power off in reverse.
 *
 * @example
 * import { runTemplate } from '@vivarium/cli/template';
 * import { hostSpec, openHost, readSpec } from '@vivarium/host-spec';
 * import { Eevdf } from '@vivarium/scheduler-eevdf';
 *
 * const { spec, folder } = await readSpec('guests.yaml', hostSpec);
 * const scheduler = { name: 'eevdf', create: () => new Eevdf() };
 * await using host = await openHost({ spec, folder, scheduler, template: runTemplate() });
 * await host.bringUp();
 * await host.powerOff();
 *
 * @module
 */
export { errorTable } from './errors.ts';
export { type GuestSpec, type HostSpec, hostSpec } from './host-spec.ts';
export { openHost, type OpenHostOptions, type SpecHost } from './open-host.ts';
export { parseSpec, readSpec } from './read-spec.ts';

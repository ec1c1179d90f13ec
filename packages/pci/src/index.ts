/**
 * PCI functions: configuration space, BARs, capabilities, INTA# and MSI-X. A device puts its registers into BARs; the
 * host bridge is another part.
 *
 * Specification: PCI Local Bus Specification 3.0, chapter 6 (configuration space, MSI-X).
 *
 * @example
 * import { Endpoint } from '@vivarium/pci';
 *
 * const lamp = new Endpoint({
 *   identity: { vendorId: 0x1234, deviceId: 0x11e8, classCode: 0xff0000 },
 *   bars: [{ index: 0, kind: 'memory', region: { name: 'registers', length: 4096, read: () => 0, write: () => {} } }],
 * });
 * console.log(lamp.readConfig(0, 4).toString(16)); // 11e81234
 *
 * @module
 */
export { Endpoint, type EndpointParts, type PciCapability, type PciIdentity } from './endpoint.ts';
export { MsixTable } from './msix-table.ts';
export { CAPABILITY_VENDOR } from './registers.ts';

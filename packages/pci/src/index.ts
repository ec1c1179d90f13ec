/**
 * PCI functions: configuration space, BARs, capabilities, INTA# and MSI-X. A device puts its registers into BARs; the
 * host bridge and the ports are other parts, which find out with {@link decode} whom an address is for.
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
export { readBytes, writeBytes } from './bytes.ts';
export { decode } from './decode.ts';
export { Endpoint, type EndpointParts, type PciCapability, type PciIdentity } from './endpoint.ts';
export { MsixTable } from './msix-table.ts';
export { CAPABILITY_EXPRESS, CAPABILITY_VENDOR, COMMAND_MASTER, COMMAND_MEMORY } from './registers.ts';

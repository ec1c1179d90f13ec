/**
 * What a board's parts have of a host with Node: its network and its directories.
 *
 * @example
 * import { hostDirectory, userNetwork, virtBoard } from '@vivarium/board-virt';
 * import { nodeHostNetwork, openHostDirectory } from '@vivarium/board-virt/node';
 *
 * const networks = [{ backend: userNetwork({ host: nodeHostNetwork() }) }];
 * const shares = [{ tag: 'share', backend: hostDirectory({ tree: openHostDirectory('share') }) }];
 *
 * @module
 */
export { openTapLink, openUdpLink, type TapLink, type UdpLink } from '@vivarium/net-datagram/node';
export { type NodeHostOptions, nodeHostNetwork } from '@vivarium/net-nat/node';
export { openHostDirectory, openJournalFile } from '@vivarium/storage-host-directory/node';
export { type VsockUnixOptions, type VsockUnixSockets, vsockUnixSockets } from '@vivarium/virtio-vsock/node';

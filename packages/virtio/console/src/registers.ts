/** Console device: features, configuration and control messages (Virtual I/O Device 1.3, section 5.3). */
export const VIRTIO_CONSOLE_F_SIZE = 1n << 0n;
export const VIRTIO_CONSOLE_F_MULTIPORT = 1n << 1n;
export const VIRTIO_CONSOLE_F_EMERG_WRITE = 1n << 2n;

/** Offsets in the configuration space (section 5.3.4). */
export const CONFIG = { cols: 0, rows: 2, max_nr_ports: 4, emerg_wr: 8, length: 12 } as const;

/** Queues of port 0, of the control channel, then of port 1, 2, … (section 5.3.2). */
export const CONTROL_RECEIVEQ = 2;
export const CONTROL_TRANSMITQ = 3;
export const receiveQueue = (port: number): number => (port === 0 ? 0 : 2 + 2 * port);
export const transmitQueue = (port: number): number => receiveQueue(port) + 1;
/** The port of a data queue, and which way it goes. */
export const portOf = (queue: number): number => (queue < 2 ? 0 : (queue >> 1) - 1);

/** Control message: port, event, value (section 5.3.6.2). */
export const CONTROL_SIZE = 8;
export const VIRTIO_CONSOLE_DEVICE_READY = 0;
export const VIRTIO_CONSOLE_DEVICE_ADD = 1;
export const VIRTIO_CONSOLE_PORT_READY = 3;
export const VIRTIO_CONSOLE_CONSOLE_PORT = 4;
export const VIRTIO_CONSOLE_RESIZE = 5;
export const VIRTIO_CONSOLE_PORT_OPEN = 6;
export const VIRTIO_CONSOLE_PORT_NAME = 7;

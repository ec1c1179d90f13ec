/** Socket device: features, packets and events (Virtual I/O Device 1.3, section 5.10), by the specification's names. */
export const VIRTIO_VSOCK_F_STREAM = 1n << 0n;
export const VIRTIO_VSOCK_F_NO_IMPLIED_STREAM = 1n << 2n;

/** Queues (section 5.10.2). */
export const RX = 0;
export const TX = 1;
export const EVENT = 2;

/** Bytes of the configuration space: le64 guest_cid (section 5.10.4). */
export const CONFIG_LENGTH = 8;
/** Address of the host. */
export const HOST_CID = 2;
/** Addresses that a guest may have; those outside are reserved. */
export const LOWEST_CID = 3;
export const HIGHEST_CID = 0xffff_fffe;
/** The highest port; the one above it means "any" in the guest (VMADDR_PORT_ANY). */
export const HIGHEST_PORT = 0xffff_fffe;

/** Offsets in the header of a packet, and its length (section 5.10.6). */
export const HEADER = {
  src_cid: 0,
  dst_cid: 8,
  src_port: 16,
  dst_port: 20,
  len: 24,
  type: 28,
  op: 30,
  flags: 32,
  buf_alloc: 36,
  fwd_cnt: 40,
} as const;
export const HEADER_SIZE = 44;

export const VIRTIO_VSOCK_TYPE_STREAM = 1;

export const VIRTIO_VSOCK_OP_REQUEST = 1;
export const VIRTIO_VSOCK_OP_RESPONSE = 2;
export const VIRTIO_VSOCK_OP_RST = 3;
export const VIRTIO_VSOCK_OP_SHUTDOWN = 4;
export const VIRTIO_VSOCK_OP_RW = 5;
export const VIRTIO_VSOCK_OP_CREDIT_UPDATE = 6;
export const VIRTIO_VSOCK_OP_CREDIT_REQUEST = 7;

/** Flags of VIRTIO_VSOCK_OP_SHUTDOWN; the specification names the bits 0 and 1. */
export const VIRTIO_VSOCK_SHUTDOWN_F_RECEIVE = 1;
export const VIRTIO_VSOCK_SHUTDOWN_F_SEND = 2;

export const VIRTIO_VSOCK_EVENT_TRANSPORT_RESET = 0;
export const EVENT_SIZE = 4;

/** Virtio over PCI (Virtual I/O Device 1.3, section 4.1), by the names of the specification. */
export const VENDOR_ID = 0x1af4;
/** Device ids are this plus the device's number (section 4.1.2). */
export const DEVICE_ID_BASE = 0x1040;
export const REVISION = 1;

/** Kinds of capability (section 4.1.4). */
export const VIRTIO_PCI_CAP_COMMON_CFG = 1;
export const VIRTIO_PCI_CAP_NOTIFY_CFG = 2;
export const VIRTIO_PCI_CAP_ISR_CFG = 3;
export const VIRTIO_PCI_CAP_DEVICE_CFG = 4;
export const VIRTIO_PCI_CAP_PCI_CFG = 5;

/** Offsets in the common configuration (section 4.1.4.3), and the width of each field. */
export const COMMON = {
  device_feature_select: 0x00,
  device_feature: 0x04,
  driver_feature_select: 0x08,
  driver_feature: 0x0c,
  config_msix_vector: 0x10,
  num_queues: 0x12,
  device_status: 0x14,
  config_generation: 0x15,
  queue_select: 0x16,
  queue_size: 0x18,
  queue_msix_vector: 0x1a,
  queue_enable: 0x1c,
  queue_notify_off: 0x1e,
  queue_desc_low: 0x20,
  queue_desc_high: 0x24,
  queue_driver_low: 0x28,
  queue_driver_high: 0x2c,
  queue_device_low: 0x30,
  queue_device_high: 0x34,
  length: 0x38,
} as const;

/** Width of the field at an offset; fields that are not named here have 4 bytes. */
export const NARROW: ReadonlyMap<number, 1 | 2> = new Map([
  [COMMON.config_msix_vector, 2],
  [COMMON.num_queues, 2],
  [COMMON.device_status, 1],
  [COMMON.config_generation, 1],
  [COMMON.queue_select, 2],
  [COMMON.queue_size, 2],
  [COMMON.queue_msix_vector, 2],
  [COMMON.queue_enable, 2],
  [COMMON.queue_notify_off, 2],
]);

export const NO_VECTOR = 0xffff;
/** Bytes between the notification addresses of two queues. */
export const NOTIFY_MULTIPLIER = 4;

/** The one BAR, and what is where in it. */
export const BAR = 0;
export const MSIX_BAR = 1;
export const LAYOUT = { common: 0, isr: 0x1000, device: 0x2000, notify: 0x3000, length: 0x4000 } as const;

/** Bits of the ISR status (section 4.1.4.5). */
export const ISR_QUEUE = 1;
export const ISR_CONFIG = 2;

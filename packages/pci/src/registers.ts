/** Configuration space, type 0 header (PCI Local Bus 3.0, section 6.1). */
export const VENDOR_ID = 0x00;
export const DEVICE_ID = 0x02;
export const COMMAND = 0x04;
export const STATUS = 0x06;
export const REVISION_ID = 0x08;
export const CLASS_CODE = 0x09;
export const CACHE_LINE_SIZE = 0x0c;
export const HEADER_TYPE = 0x0e;
export const BAR0 = 0x10;
export const SUBSYSTEM_VENDOR_ID = 0x2c;
export const SUBSYSTEM_ID = 0x2e;
export const CAPABILITIES_POINTER = 0x34;
export const INTERRUPT_LINE = 0x3c;
export const INTERRUPT_PIN = 0x3d;
/** First byte behind the header. */
export const HEADER_END = 0x40;
/** Capabilities are in the first 256 bytes; behind is the extended space, which is empty here. */
export const CAPABILITIES_END = 0x100;
export const BARS = 6;

export const COMMAND_IO = 1 << 0;
export const COMMAND_MEMORY = 1 << 1;
export const COMMAND_MASTER = 1 << 2;
export const COMMAND_SERR = 1 << 8;
export const COMMAND_INTX_DISABLE = 1 << 10;
export const COMMAND_WRITABLE = COMMAND_IO | COMMAND_MEMORY | COMMAND_MASTER | COMMAND_SERR | COMMAND_INTX_DISABLE;

export const STATUS_INTERRUPT = 1 << 3;
export const STATUS_CAPABILITIES = 1 << 4;

export const BAR_IO = 1;

export const CAPABILITY_VENDOR = 0x09;
export const CAPABILITY_EXPRESS = 0x10;
export const CAPABILITY_MSIX = 0x11;

/** MSI-X (section 6.8.2): message control, and the table's entries. */
export const MSIX_LENGTH = 12;
export const MSIX_CONTROL = 2;
export const MSIX_TABLE = 4;
export const MSIX_PENDING = 8;
export const MSIX_ENABLE = 1 << 15;
export const MSIX_FUNCTION_MASK = 1 << 14;
export const MSIX_ENTRY = 16;
export const MSIX_ENTRY_CONTROL = 12;
export const MSIX_ENTRY_MASKED = 1;

/** Registers of the MMIO transport, version 2 (Virtual I/O Device 1.3, section 4.2.2), by the names of the specification. */
export const MagicValue = 0x000;
export const Version = 0x004;
export const DeviceID = 0x008;
export const VendorID = 0x00c;
export const DeviceFeatures = 0x010;
export const DeviceFeaturesSel = 0x014;
export const DriverFeatures = 0x020;
export const DriverFeaturesSel = 0x024;
export const QueueSel = 0x030;
export const QueueSizeMax = 0x034;
export const QueueSize = 0x038;
export const QueueReady = 0x044;
export const QueueNotify = 0x050;
export const InterruptStatus = 0x060;
export const InterruptACK = 0x064;
export const Status = 0x070;
export const QueueDescLow = 0x080;
export const QueueDescHigh = 0x084;
export const QueueDriverLow = 0x090;
export const QueueDriverHigh = 0x094;
export const QueueDeviceLow = 0x0a0;
export const QueueDeviceHigh = 0x0a4;
export const SHMLenLow = 0x0b0;
export const SHMLenHigh = 0x0b4;
export const SHMBaseLow = 0x0b8;
export const SHMBaseHigh = 0x0bc;
export const ConfigGeneration = 0x0fc;
export const Config = 0x100;

/** "virt" in little-endian order. */
export const MAGIC = 0x7472_6976;
export const VERSION = 2;
/** "VIVA" in little-endian order: who made the device, for the driver's information only. */
export const VENDOR = 0x4156_4956;

/** Bits of InterruptStatus (section 4.2.2). */
export const USED_BUFFER = 1;
export const CONFIGURATION_CHANGE = 2;

export const REGION_LENGTH = 0x1000;

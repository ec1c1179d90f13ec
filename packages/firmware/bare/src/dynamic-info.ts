/**
 * `struct fw_dynamic_info`, version 2, of OpenSBI (docs/firmware/fw_dynamic.md and include/sbi/fw_dynamic.h): what the
 * stage before tells FW_DYNAMIC about the stage after. Six little-endian doublewords; `a2` points to them.
 */
const MAGIC = 0x4942_534fn;
const VERSION = 2n;
const NEXT_MODE_SUPERVISOR = 1n;
const OPTIONS_NONE = 0n;

export const DYNAMIC_INFO_LENGTH = 48;

/** Tells firmware to start `nextAddress` in S-mode, on hart `bootHart` first. */
export const dynamicInfo = (nextAddress: number, bootHart: number): Uint8Array => {
  const bytes = new Uint8Array(DYNAMIC_INFO_LENGTH);
  const view = new DataView(bytes.buffer);
  const fields = [MAGIC, VERSION, BigInt(nextAddress), NEXT_MODE_SUPERVISOR, OPTIONS_NONE, BigInt(bootHart)];
  for (const [index, field] of fields.entries()) {
    view.setBigUint64(index * 8, field, true);
  }
  return bytes;
};

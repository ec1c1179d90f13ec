/** Constants of the RISC-V Supervisor Binary Interface Specification 3.0, in its own spelling. */

/** Section 3.2: standard error codes. */
export const SBI_SUCCESS = 0;
export const SBI_ERR_FAILED = -1;
export const SBI_ERR_NOT_SUPPORTED = -2;
export const SBI_ERR_INVALID_PARAM = -3;
export const SBI_ERR_DENIED = -4;
export const SBI_ERR_INVALID_ADDRESS = -5;
export const SBI_ERR_ALREADY_AVAILABLE = -6;
export const SBI_ERR_DENIED_LOCKED = -14;

/** Extension ids: chapters 4 to 18. The legacy ones are 0 to 8. */
export const EID_BASE = 0x10;
export const EID_TIME = 0x54494d45;
export const EID_IPI = 0x735049;
export const EID_RFENCE = 0x52464e43;
export const EID_HSM = 0x48534d;
export const EID_SRST = 0x53525354;
export const EID_DBCN = 0x4442434e;
export const EID_STA = 0x535441;
export const EID_FWFT = 0x46574654;

/** Section 4.1: major version in bits 30:24, minor in 23:0. */
export const SPECIFICATION_VERSION = 0x0300_0000n;

/** All of a mask's harts when used as `hart_mask_base` (section 3.1). */
export const ALL_HARTS = 0xffff_ffff_ffff_ffffn;

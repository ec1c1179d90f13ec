/** Extensions and errors by number, as the specification has them (SBI 3.0, chapters 3 to 18), and not as our code does. */
export const BASE = 0x10;
export const TIME = 0x54494d45;
export const IPI = 0x735049;
export const RFENCE = 0x52464e43;
export const HSM = 0x48534d;
export const SRST = 0x53525354;
export const DBCN = 0x4442434e;
export const STA = 0x535441;
export const FWFT = 0x46574654;
export const ALL = 0xffff_ffff_ffff_ffffn;

export const SUCCESS = 0n;
export const FAILED = -1n;
export const NOT_SUPPORTED = -2n;
export const INVALID_PARAM = -3n;
export const DENIED = -4n;
export const INVALID_ADDRESS = -5n;
export const ALREADY_AVAILABLE = -6n;
export const DENIED_LOCKED = -14n;

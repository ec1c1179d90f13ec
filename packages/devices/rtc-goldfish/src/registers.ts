/** Registers of the goldfish RTC, by the names of the goldfish hardware document; every one is 32 bits wide. */

/** Low half of the time in nanoseconds since the Unix epoch; reading it latches the high half. Writing sets it. */
export const TIME_LOW = 0x00;
/** High half of the time: reads what the last read of TIME_LOW latched. Writing sets it. */
export const TIME_HIGH = 0x04;
/** Low half of the alarm; writing it arms the alarm. */
export const ALARM_LOW = 0x08;
/** High half of the alarm; written before the low half. */
export const ALARM_HIGH = 0x0c;
/** Bit 0 lets the alarm drive the interrupt line. */
export const IRQ_ENABLED = 0x10;
/** Any write disarms the alarm. */
export const CLEAR_ALARM = 0x14;
/** 1 while the alarm is armed. */
export const ALARM_STATUS = 0x18;
/** Any write takes back the interrupt. */
export const CLEAR_INTERRUPT = 0x1c;

export const REGION_LENGTH = 0x1000;

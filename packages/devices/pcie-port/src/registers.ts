/** Type 1 header (PCI Express Base 5.0, section 7.5.1.3); what is not named reads as 0 and means "not implemented". */
export const HEADER_BEGIN = 0x18;
export const HEADER_END = 0x34;
export const PRIMARY_BUS = 0x18;
export const SECONDARY_BUS = 0x19;
export const SUBORDINATE_BUS = 0x1a;
export const MEMORY_BASE = 0x20;
export const MEMORY_LIMIT = 0x22;
export const BRIDGE_CONTROL = 0x3e;

/** Bits 15 to 4 of the memory window are bits 31 to 20 of addresses. */
export const WINDOW_MASK = 0xfff0;
export const WINDOW_SHIFT = 16;
export const WINDOW_REST = 0xf_ffff;

export const BRIDGE_CONTROL_PARITY = 1 << 0;
export const BRIDGE_CONTROL_SERR = 1 << 1;
export const BRIDGE_CONTROL_RESET = 1 << 6;
export const BRIDGE_CONTROL_WRITABLE = BRIDGE_CONTROL_PARITY | BRIDGE_CONTROL_SERR | BRIDGE_CONTROL_RESET;

/** PCI Express capability (section 7.5.3), offsets from its start. */
export const EXPRESS_LENGTH = 0x3c;
export const CAPABILITIES = 0x02;
export const DEVICE_CAPABILITIES = 0x04;
export const DEVICE_CONTROL = 0x08;
export const LINK_CAPABILITIES = 0x0c;
export const LINK_CONTROL = 0x10;
export const LINK_STATUS = 0x12;
export const SLOT_CAPABILITIES = 0x14;
export const SLOT_CONTROL = 0x18;
export const SLOT_STATUS = 0x1a;
export const ROOT_CONTROL = 0x1c;

/** Version 2, root port, with a slot. */
export const CAPABILITIES_VALUE = 2 | (4 << 4) | (1 << 8);
/** Role-based error reporting, which is required; payloads of up to 128 bytes. */
export const DEVICE_CAPABILITIES_VALUE = 1 << 15;
/** Everything but what starts something. */
export const DEVICE_CONTROL_WRITABLE = 0x7fff;

/** One lane of 2.5 GT/s; the port says whether its link is up. */
export const LINK_SPEED_AND_WIDTH = 1 | (1 << 4);
export const LINK_ACTIVE_REPORTING = 1 << 20;
export const PORT_NUMBER_SHIFT = 24;
export const LINK_DISABLE = 1 << 4;
export const LINK_CONTROL_WRITABLE = 0x0ddb;
export const LINK_ACTIVE = 1 << 13;

export const ATTENTION_BUTTON_PRESENT = 1 << 0;
export const POWER_CONTROLLER_PRESENT = 1 << 1;
export const ATTENTION_INDICATOR_PRESENT = 1 << 3;
export const POWER_INDICATOR_PRESENT = 1 << 4;
export const HOT_PLUG_SURPRISE = 1 << 5;
export const HOT_PLUG_CAPABLE = 1 << 6;
export const NO_COMMAND_COMPLETED = 1 << 18;
export const SLOT_NUMBER_SHIFT = 19;
export const MOST_SLOT_NUMBER = 0x1fff;

export const ATTENTION_BUTTON_ENABLE = 1 << 0;
export const PRESENCE_ENABLE = 1 << 3;
export const HOT_PLUG_INTERRUPT_ENABLE = 1 << 5;
export const ATTENTION_INDICATOR_OFF = 3 << 6;
export const POWER_INDICATOR_ON = 1 << 8;
export const POWER_OFF = 1 << 10;
export const LINK_STATE_ENABLE = 1 << 12;
/** All enables, indicators and the power controller; there is no interlock to toggle. */
export const SLOT_CONTROL_WRITABLE = 0x17ff;

export const ATTENTION_BUTTON_PRESSED = 1 << 0;
export const PRESENCE_CHANGED = 1 << 3;
export const PRESENCE = 1 << 6;
export const LINK_STATE_CHANGED = 1 << 8;
/** Events, cleared by writing 1. */
export const SLOT_EVENTS = ATTENTION_BUTTON_PRESSED | PRESENCE_CHANGED | LINK_STATE_CHANGED;

export const ROOT_CONTROL_WRITABLE = 0x1f;

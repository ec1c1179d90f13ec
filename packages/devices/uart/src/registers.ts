/** Registers and bits of the NS16550A, by the names of the TI PC16550D datasheet (SNLS378C), section 8 and table 2. */

/** Offsets. RBR, THR and DLL share one address, as do IER and DLM, and IIR and FCR. */
export const RBR = 0;
export const THR = 0;
export const DLL = 0;
export const IER = 1;
export const DLM = 1;
export const IIR = 2;
export const FCR = 2;
export const LCR = 3;
export const MCR = 4;
export const LSR = 5;
export const MSR = 6;
export const SCR = 7;

/** Interrupt enable register. */
export const IER_ERBFI = 0x01;
export const IER_ETBEI = 0x02;
export const IER_ELSI = 0x04;
export const IER_EDSSI = 0x08;
export const IER_MASK = 0x0f;

/** Interrupt identification register: identities in order of priority, then FIFO status. */
export const IIR_NONE = 0x01;
export const IIR_LINE_STATUS = 0x06;
export const IIR_DATA_AVAILABLE = 0x04;
export const IIR_CHARACTER_TIMEOUT = 0x0c;
export const IIR_THR_EMPTY = 0x02;
export const IIR_MODEM_STATUS = 0x00;
export const IIR_FIFOS_ENABLED = 0xc0;

/** FIFO control register. */
export const FCR_ENABLE = 0x01;
export const FCR_RCVR_RESET = 0x02;
export const FCR_XMIT_RESET = 0x04;
export const FCR_DMA_MODE = 0x08;
export const FCR_TRIGGER_MASK = 0xc0;
export const FCR_TRIGGER_SHIFT = 6;
/** Receiver FIFO levels that the two trigger bits stand for. */
export const TRIGGER_LEVELS: readonly number[] = [1, 4, 8, 14];
export const FIFO_SIZE = 16;

/** Line control register. */
export const LCR_BREAK = 0x40;
export const LCR_DLAB = 0x80;

/** Modem control register. */
export const MCR_DTR = 0x01;
export const MCR_RTS = 0x02;
export const MCR_OUT1 = 0x04;
export const MCR_OUT2 = 0x08;
export const MCR_LOOP = 0x10;
export const MCR_MASK = 0x1f;

/** Line status register. */
export const LSR_DR = 0x01;
export const LSR_OE = 0x02;
export const LSR_PE = 0x04;
export const LSR_FE = 0x08;
export const LSR_BI = 0x10;
export const LSR_THRE = 0x20;
export const LSR_TEMT = 0x40;
export const LSR_FIFO_ERROR = 0x80;
/** The errors that belong to one character and travel with it through the FIFO. */
export const LSR_CHARACTER_ERRORS = LSR_PE | LSR_FE | LSR_BI;

/** Modem status register. */
export const MSR_DCTS = 0x01;
export const MSR_DDSR = 0x02;
export const MSR_TERI = 0x04;
export const MSR_DDCD = 0x08;
export const MSR_CTS = 0x10;
export const MSR_DSR = 0x20;
export const MSR_RI = 0x40;
export const MSR_DCD = 0x80;
export const MSR_DELTAS = 0x0f;
export const MSR_LINES = 0xf0;

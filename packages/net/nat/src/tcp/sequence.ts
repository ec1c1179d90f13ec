/** Sequence numbers of TCP: 32 bits that wrap (RFC 9293, section 3.4). */

/** How far `later` is after `earlier`; negative when it is before. Both are within 2^31 of each other. */
export const distance = (later: number, earlier: number): number => (later - earlier) | 0;

export const advance = (sequence: number, by: number): number => (sequence + by) >>> 0;

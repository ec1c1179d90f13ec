import { MAXIMUM_FRAME, type NetFrame, type NetOffloads } from '@vivarium/contracts';
import { concatenate, write16 } from './bytes.ts';
import { complement, sumWords } from './checksum.ts';
import { ETHERNET_HEADER } from './ethernet.ts';
import { cutSegment } from './segmentation.ts';

const FINISHED: NetOffloads = {};

/** Completes the checksum; nothing for a field that is not in what is summed. */
const finishChecksum = (frame: NetFrame, start: number, offset: number): NetFrame[] => {
  if (!Number.isInteger(start) || !Number.isInteger(offset) || start < 0 || offset < 0) return [];
  if (start + offset + 2 > frame.length) return [];
  const bytes = concatenate(frame.pieces);
  // Zero would mean "none" to UDP, and all ones is the same number to everybody else.
  write16(bytes, start + offset, complement(sumWords(bytes, start)) || 0xffff);
  return [{ pieces: [bytes], length: bytes.length }];
};

/**
 * Does to a frame what its receiver does not take: completes the checksum, cuts the segment. A frame that needs
 * nothing comes back itself; any other is made of copies, but for the payload of a segment that was cut. A frame whose
 * offload makes no sense (offsets outside, a segment that is no TCP) gives none. Never throws.
 *
 * @example
 * for (const finished of finishFrame(frame)) tap.write(finished);
 */
export const finishFrame = (frame: NetFrame, accepts: NetOffloads = FINISHED): readonly NetFrame[] => {
  const { offload } = frame;
  if (offload === undefined) return [frame];
  const { checksum, segment } = offload;
  if (segment !== undefined) {
    if (accepts[segment.protocol] === true && accepts.checksum === true) return [frame];
    return cutSegment(frame, segment.size, accepts);
  }
  if (checksum === undefined || accepts.checksum === true) return [frame];
  if (frame.length < ETHERNET_HEADER || frame.length > MAXIMUM_FRAME) return [];
  return finishChecksum(frame, checksum.start, checksum.offset);
};

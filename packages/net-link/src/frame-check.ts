import { type FrameOffload, MAXIMUM_FRAME, type NetFrame } from '@vivarium/contracts';
import { ETHERNET_HEADER, isWhole, VLAN_TAG } from '@vivarium/net-packet';

/** Shorter than an Ethernet header or not as long as it says, or longer than a link with this MTU carries. */
export type FrameProblem = 'short' | 'oversize';

/** What is wrong with the lengths of a frame; segments to be cut may be longer than the MTU. */
export const frameProblem = (frame: NetFrame, mtu: number): FrameProblem | undefined => {
  if (!(frame.length >= ETHERNET_HEADER) || !isWhole(frame)) return 'short';
  const longest = frame.offload?.segment === undefined ? mtu + ETHERNET_HEADER + VLAN_TAG : MAXIMUM_FRAME;
  return frame.length > longest ? 'oversize' : undefined;
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const isOffset = (value: unknown, end: number): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < end;

const readChecksum = (value: unknown, length: number): FrameOffload['checksum'] | undefined => {
  if (!isRecord(value)) return undefined;
  const { start, offset } = value;
  if (!isOffset(start, length) || !isOffset(offset, length) || start + offset + 2 > length) return undefined;
  return { start, offset };
};

const readSegment = (value: unknown, length: number): FrameOffload['segment'] | undefined => {
  if (!isRecord(value)) return undefined;
  const { protocol, size, headerLength } = value;
  if (protocol !== 'tcp4' && protocol !== 'tcp6') return undefined;
  if (!isOffset(size, MAXIMUM_FRAME) || size === 0 || !isOffset(headerLength, length + 1)) return undefined;
  return { protocol, size, headerLength };
};

/**
 * The offload of a frame of `length` bytes, from a value of somebody who is not trusted: a copy whose offsets are inside
 * of the frame. Undefined is none; `nonsense` when there is one that cannot be.
 */
export const readOffload = (value: unknown, length: number): FrameOffload | undefined | 'nonsense' => {
  if (value === undefined) return undefined;
  if (!isRecord(value)) return 'nonsense';
  const checksum = readChecksum(value['checksum'], length);
  const segment = readSegment(value['segment'], length);
  if (value['checksum'] !== undefined && checksum === undefined) return 'nonsense';
  if (value['segment'] !== undefined && segment === undefined) return 'nonsense';
  return {
    ...(checksum === undefined ? {} : { checksum }),
    ...(segment === undefined ? {} : { segment }),
  };
};

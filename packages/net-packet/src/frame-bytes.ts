import type { NetFrame } from '@vivarium/contracts';
import { concatenate } from './bytes.ts';

/** A finished frame of one piece. */
export const frameOf = (bytes: Uint8Array): NetFrame => ({ pieces: [bytes], length: bytes.length });

/** Whether the pieces are as long as the frame says; one that lies is nobody's. */
export const isWhole = (frame: NetFrame): boolean => {
  let length = 0;
  for (const piece of frame.pieces) length += piece.length;
  return length === frame.length;
};

/** Copies bytes `start…end` of the pieces to `target`, as many as there are, and returns how many that is. */
export const copyPieces = (
  pieces: readonly Uint8Array[],
  start: number,
  end: number,
  target: Uint8Array,
  targetStart = 0,
): number => {
  let at = 0;
  let copied = 0;
  for (const piece of pieces) {
    if (at >= end) break;
    const from = Math.max(start - at, 0);
    const to = Math.min(end - at, piece.length);
    if (from < to) {
      target.set(from === 0 && to === piece.length ? piece : piece.subarray(from, to), targetStart + copied);
      copied += to - from;
    }
    at += piece.length;
  }
  return copied;
};

/** Views of bytes `start…end` of the pieces. */
export const slicePieces = (pieces: readonly Uint8Array[], start: number, end: number): Uint8Array[] => {
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const piece of pieces) {
    if (at >= end) break;
    const from = Math.max(start - at, 0);
    const to = Math.min(end - at, piece.length);
    if (from < to) parts.push(piece.subarray(from, to));
    at += piece.length;
  }
  return parts;
};

/** A copy that outlives the call that carried the frame, in one piece. */
export const copyFrame = (frame: NetFrame): NetFrame => {
  const pieces = [concatenate(frame.pieces)];
  return { ...frame, pieces };
};

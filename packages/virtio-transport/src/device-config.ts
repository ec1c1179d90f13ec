import type { AccessWidth, VirtioConfig } from '@vivarium/contracts';

/** `width` bytes of the configuration space as one little-endian number; bytes beyond its end read 0. */
export const readConfig = (config: VirtioConfig, offset: number, width: AccessWidth): number => {
  let value = 0;
  for (let index = width - 1; index >= 0; index--) {
    const at = offset + index;
    value = value * 256 + (at < config.length ? config.read(at) & 0xff : 0);
  }
  return value;
};

/** Writes `width` bytes, lowest first; those beyond the end go nowhere. */
export const writeConfig = (config: VirtioConfig, offset: number, width: AccessWidth, value: number): void => {
  for (let index = 0; index < width; index++) {
    const at = offset + index;
    if (at < config.length) config.write?.(at, Math.floor(value / 2 ** (8 * index)) & 0xff);
  }
};

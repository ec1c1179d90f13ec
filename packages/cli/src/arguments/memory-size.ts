const UNITS: Readonly<Record<string, number>> = { '': 1, K: 1 << 10, M: 1 << 20, G: 1 << 30 };

/** Bytes of a size such as `256M`, `1G` or `65536K`; a plain number is bytes. Undefined when it is not a size. */
export const parseMemorySize = (text: string): number | undefined => {
  const match = /^(\d{1,15})([KMG]?)(?:i?B)?$/i.exec(text.trim());
  const unit = UNITS[(match?.[2] ?? '').toUpperCase()];
  if (match === null || unit === undefined) return undefined;
  const bytes = Number(match[1]) * unit;
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : undefined;
};

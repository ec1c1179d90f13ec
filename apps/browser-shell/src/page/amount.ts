export const MIB = 1024 * 1024;

/** Bytes for people, when they are many enough to be bytes. */
export const amount = (done: number, total: number): string =>
  total > 100
    ? `${(done / MIB).toFixed(1)} of ${(total / MIB).toFixed(1)} MiB`
    : `${Math.round((done / total) * 100)} %`;

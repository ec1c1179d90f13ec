/** Middle of the values; the mean of the two middle ones when their number is even. */
export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return (sorted[(sorted.length - 1) >> 1] + sorted[middle]) / 2;
};

/** Geometric mean of positive values. */
export const geometricMean = (values: readonly number[]): number =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);

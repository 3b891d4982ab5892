/** Median with the smallest and largest value. */
export function spread(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  const median = sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  return { median, min: sorted[0], max: sorted.at(-1) };
}

/** Largest and mean absolute difference of two vectors of one length, times `scale`; NaN where any difference is. */
export function deviation(output, exact, scale = 1) {
  if (output.length !== exact.length)
    throw new Error(`output has ${output.length} values, the exact result ${exact.length}`);
  let max = 0;
  let sum = 0;
  for (let i = 0; i < exact.length; i++) {
    const d = Math.abs(output[i] - exact[i]);
    sum += d;
    if (!(d <= max)) max = Number.isNaN(max) ? max : d;
  }
  return { max: max * scale, mean: (sum / exact.length) * scale };
}

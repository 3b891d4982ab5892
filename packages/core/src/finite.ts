/** A sum is finite only where all its terms are. Four of them run side by side: one alone would wait for each addition. */
function finiteSum(values: Float32Array): boolean {
  let [a, b, c, d] = [0, 0, 0, 0];
  const fours = values.length & ~3;
  for (let i = 0; i < fours; i += 4) {
    a += values[i]!;
    b += values[i + 1]!;
    c += values[i + 2]!;
    d += values[i + 3]!;
  }
  for (let i = fours; i < values.length; i++) a += values[i]!;
  const sum = a + b + c + d;
  return sum - sum === 0;
}

/** The first value that is no finite number, NaN or an infinity; undefined where all are finite. float32 values cannot overflow a sum of doubles. */
export const notFinite = (values: Float32Array): number | undefined =>
  finiteSum(values) ? undefined : values.find((value) => !Number.isFinite(value));

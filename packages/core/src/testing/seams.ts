import type { Image } from '../image/contract.js';

/** Mean absolute step between neighbours across multiples of `seam` (columns and rows), over that between all others. */
function stepRatio({ data, width, height, channels }: Image, seam: number): number {
  const [on, off] = [
    { sum: 0, count: 0 },
    { sum: 0, count: 0 },
  ];
  const step = (place: number, from: number, to: number) => {
    const kind = place % seam === 0 ? on : off;
    kind.sum += Math.abs(data[to]! - data[from]!);
    kind.count++;
  };
  for (let c = 0; c < channels; c++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const at = (c * height + y) * width + x;
        if (x > 0) step(x, at - 1, at);
        if (y > 0) step(y, at - width, at);
      }
  return on.sum / on.count / (off.sum / off.count);
}

/** How much steeper a picture made in tiles is at their borders, every `seam` pixels, than the same picture made whole; 0: nothing shows. */
export const excessGradient = (tiled: Image, whole: Image, seam: number): number =>
  stepRatio(tiled, seam) - stepRatio(whole, seam);

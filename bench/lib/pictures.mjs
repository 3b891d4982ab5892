/** Test pictures from integers alone, so that every process and machine sees the same bytes: smooth shapes, edges, texture and grain. */

function hash(x) {
  let h = Math.imul(x ^ 0x9e3779b9, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Interleaved 8-bit RGB. */
export function photographLike(width, height, seed = 1) {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const wave = 60 * Math.sin(x / 37 + seed) + 40 * Math.cos(y / 23) + 20 * Math.sin((x + y) / 5);
      const edge = ((x >> 6) + (y >> 6)) & 1 ? 40 : 0;
      for (let c = 0; c < 3; c++) {
        const grain = (hash((y * width + x) * 3 + c + seed * 7919) & 31) - 16;
        data[(y * width + x) * 3 + c] = Math.max(0, Math.min(255, Math.round(100 + wave + edge + grain + 10 * c)));
      }
    }
  }
  return { data, width, height, channels: 3 };
}

/** The same picture with a mild, deterministic distortion. */
export function distorted({ data, width, height, channels }) {
  const out = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) out[i] = Math.max(0, Math.min(255, data[i] + (hash(i + 99) % 25) - 12));
  return { data: out, width, height, channels };
}

/** Interleaved 8-bit to planar float in [0, 1]. */
export function planar({ data, width, height, channels }) {
  const plane = width * height;
  const out = new Float32Array(data.length);
  for (let i = 0; i < plane; i++) for (let c = 0; c < channels; c++) out[c * plane + i] = data[i * channels + c] / 255;
  return { data: out, width, height, channels };
}

/**
 * A picture inside `ir`: planar float32, sRGB-encoded, [0, 1]. Channel `c` of pixel (x, y) is `data[(c * height + y) * width + x]`.
 * One representation everywhere; conversion happens only at the borders (decode, encode, a network's ports).
 */
export interface Image {
  readonly width: number;
  readonly height: number;
  /** 1 = grey (everywhere equivalent to R = G = B), 3 = RGB. */
  readonly channels: 1 | 3;
  readonly data: Float32Array;
  /** Opacity in [0, 1], width x height; absent where the picture is opaque. Carried along, scaled and put back at encoding. */
  readonly alpha?: Float32Array;
  /** Bits per sample of the source: samples are multiples of 1/255 (8) or 1/65535 (16), or free (32). */
  readonly depth: 8 | 16 | 32;
}

/**
 * The part of ICC.1 (profile format, versions 2 and 4) needed to read a picture's colours: profiles made of a tone curve per
 * channel and, for RGB, a 3x3 matrix to XYZ (D50). Profiles built on tables are left to the colour engine of the decoder.
 */

// A global's function is dear to look up in the realms of the test runner, and these loops run over every sample.
const { floor } = Math;

type Curve = (value: number) => number;
type Matrix = readonly [Row, Row, Row];
type Row = readonly [number, number, number];

/** To linear light: a curve per channel and, for RGB, the matrix from linear RGB to XYZ relative to D50. */
export type MatrixProfile =
  | { readonly space: 'grey'; readonly curve: Curve }
  | { readonly space: 'rgb'; readonly curves: readonly [Curve, Curve, Curve]; readonly matrix: Matrix };

const clip = (value: number) => (value <= 0 ? 0 : value >= 1 ? 1 : value);

/** IEC 61966-2-1: linear light from an encoded sample. */
export const srgbToLinear: Curve = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
/** IEC 61966-2-1: encoded sample from linear light. */
export const linearToSrgb: Curve = (v) => (v <= 0.0031308 ? v * 12.92 : 1.055 * v ** (1 / 2.4) - 0.055);

/** Linear sRGB to XYZ adapted to D50 (Bradford), as sRGB profiles state it. */
const SRGB_TO_XYZ: Matrix = [
  [0.4360747, 0.3850649, 0.1430804],
  [0.2225045, 0.7168786, 0.0606169],
  [0.0139322, 0.0971045, 0.7141733],
];
/** The same for Display P3: DCI-P3 primaries, D65 white adapted to D50, sRGB curve. */
const P3_TO_XYZ: Matrix = [
  [0.5151187, 0.2919778, 0.1571035],
  [0.2411892, 0.6922441, 0.0665668],
  [-0.0010505, 0.0418791, 0.7840713],
];

export const DISPLAY_P3: MatrixProfile = {
  space: 'rgb',
  curves: [srgbToLinear, srgbToLinear, srgbToLinear],
  matrix: P3_TO_XYZ,
};

function inverse(m: Matrix): Matrix {
  const cofactor = (r: number, c: number) => {
    const [r1, r2] = [(r + 1) % 3, (r + 2) % 3];
    const [c1, c2] = [(c + 1) % 3, (c + 2) % 3];
    return m[r1]![c1]! * m[r2]![c2]! - m[r1]![c2]! * m[r2]![c1]!;
  };
  const determinant = m[0][0] * cofactor(0, 0) + m[0][1] * cofactor(0, 1) + m[0][2] * cofactor(0, 2);
  const row = (r: number): Row => [
    cofactor(0, r) / determinant,
    cofactor(1, r) / determinant,
    cofactor(2, r) / determinant,
  ];
  return [row(0), row(1), row(2)];
}

function product(a: Matrix, b: Matrix): Matrix {
  const at = (r: number, c: number) => a[r]![0] * b[0]![c]! + a[r]![1] * b[1]![c]! + a[r]![2] * b[2]![c]!;
  return [0, 1, 2].map((r) => [at(r, 0), at(r, 1), at(r, 2)] as const) as unknown as Matrix;
}

const fixed = (view: DataView, at: number) => view.getInt32(at) / 65536;

function tags(view: DataView): Map<string, number> {
  const count = view.getUint32(128);
  if (count > 1000) throw new RangeError('too many tags');
  const found = new Map<string, number>();
  for (let i = 0; i < count; i++) found.set(fourLetters(view, 132 + 12 * i), view.getUint32(136 + 12 * i));
  return found;
}

const fourLetters = (view: DataView, at: number) =>
  String.fromCharCode(...[0, 1, 2, 3].map((i) => view.getUint8(at + i)));

/** `curv` (identity, gamma or table) and `para` (types 0 to 4) tone curves. */
function readCurve(view: DataView, at: number): Curve {
  const type = fourLetters(view, at);
  if (type === 'curv') {
    const count = view.getUint32(at + 8);
    if (count === 0) return (v) => v;
    if (count === 1) {
      const gamma = view.getUint16(at + 12) / 256;
      return (v) => v ** gamma;
    }
    const table = Float64Array.from({ length: count }, (_, i) => view.getUint16(at + 12 + 2 * i) / 65535);
    return (v) => {
      const position = clip(v) * (count - 1);
      const low = Math.min(floor(position), count - 2);
      return table[low]! + (position - low) * (table[low + 1]! - table[low]!);
    };
  }
  if (type !== 'para') throw new TypeError(`tone curve of type ${JSON.stringify(type)}`);
  const kind = view.getUint16(at + 8);
  const count = [1, 3, 4, 5, 7][kind];
  if (count === undefined) throw new TypeError(`parametric curve ${kind}`);
  const [g, a = 1, b = 0, c = 0, d = 0, e = 0, f = 0] = Array.from({ length: count }, (_, i) =>
    fixed(view, at + 12 + 4 * i),
  );
  const power = (v: number) => Math.max(0, a * v + b) ** g!;
  if (kind === 0) return (v) => v ** g!;
  if (kind === 1) return (v) => (v >= -b / a ? power(v) : 0);
  if (kind === 2) return (v) => (v >= -b / a ? power(v) + c : c);
  return (v) => (v >= d ? power(v) + e : c * v + f);
}

function readXyz(view: DataView, at: number): Row {
  if (fourLetters(view, at) !== 'XYZ ') throw new TypeError('colorant is not XYZ');
  return [fixed(view, at + 8), fixed(view, at + 12), fixed(view, at + 16)];
}

/**
 * The profile's curves and matrix; null where it is built on tables or of another colour space.
 * @throws RangeError or TypeError where the profile is cut short or malformed
 */
export function readMatrixProfile(icc: Uint8Array): MatrixProfile | null {
  const view = new DataView(icc.buffer, icc.byteOffset, icc.byteLength);
  const space = fourLetters(view, 16);
  const at = tags(view);
  const tag = (name: string): number => {
    const offset = at.get(name);
    if (offset === undefined) throw new TypeError(`no ${name} tag`);
    return offset;
  };
  if (at.has('A2B0')) return null;
  if (space === 'GRAY') return { space: 'grey', curve: readCurve(view, tag('kTRC')) };
  if (space !== 'RGB ' || fourLetters(view, 20) !== 'XYZ ') return null;
  const [r, g, b] = [readXyz(view, tag('rXYZ')), readXyz(view, tag('gXYZ')), readXyz(view, tag('bXYZ'))];
  return {
    space: 'rgb',
    curves: [readCurve(view, tag('rTRC')), readCurve(view, tag('gTRC')), readCurve(view, tag('bTRC'))],
    matrix: [
      [r[0], g[0], b[0]],
      [r[1], g[1], b[1]],
      [r[2], g[2], b[2]],
    ],
  };
}

const OETF_STEPS = 1 << 16;
let oetf: Float64Array | undefined;

/** `linearToSrgb` of a clipped value from a table, linear between its entries: within 1e-7. */
function encode(v: number): number {
  oetf ??= Float64Array.from({ length: OETF_STEPS + 2 }, (_, i) => linearToSrgb(i / OETF_STEPS));
  const position = clip(v) * OETF_STEPS;
  const low = floor(position);
  return oetf[low]! + (position - low) * (oetf[low + 1]! - oetf[low]!);
}

/** In-place conversion of a row band of planar samples, all of them multiples of 1/scale before and after. */
export type ColourTransform = (planes: Float32Array, planeLength: number, first: number, end: number) => void;

/** From the profile's colours to sRGB: colorimetric, out-of-gamut colours clipped, rounded to `scale` levels. */
export function toSrgb(profile: MatrixProfile, scale: 255 | 65535): ColourTransform {
  const level = (v: number) => floor(encode(v) * scale + 0.5) / scale;
  const table = (curve: Curve) => Float64Array.from({ length: scale + 1 }, (_, k) => curve(k / scale));
  if (profile.space === 'grey') {
    const mapped = table(profile.curve).map(level);
    return (planes, _length, first, end) => {
      for (let i = first; i < end; i++) planes[i] = mapped[floor(planes[i]! * scale + 0.5)]!;
    };
  }
  const [red, green, blue] = profile.curves.map(table) as [Float64Array, Float64Array, Float64Array];
  const [m0, m1, m2] = product(inverse(SRGB_TO_XYZ), profile.matrix);
  return (planes, length, first, end) => {
    for (let i = first; i < end; i++) {
      const r = red[floor(planes[i]! * scale + 0.5)]!;
      const g = green[floor(planes[i + length]! * scale + 0.5)]!;
      const b = blue[floor(planes[i + 2 * length]! * scale + 0.5)]!;
      planes[i] = level(m0[0] * r + m0[1] * g + m0[2] * b);
      planes[i + length] = level(m1[0] * r + m1[1] * g + m1[2] * b);
      planes[i + 2 * length] = level(m2[0] * r + m2[1] * g + m2[2] * b);
    }
  };
}

/**
 * Does the profile mean sRGB (or its tone curve, for grey)? So it does where a 9x9x9 grid of 8-bit colours moves by less than half a
 * level. The samples of such a picture are sRGB as they stand and are left untouched.
 */
export function isSrgb(profile: MatrixProfile): boolean {
  const grid = Array.from({ length: 9 }, (_, i) => Math.round((255 * i) / 8));
  const colours =
    profile.space === 'grey'
      ? grid.map((v) => [v])
      : grid.flatMap((r) => grid.flatMap((g) => grid.map((b) => [r, g, b])));
  const channels = profile.space === 'grey' ? 1 : 3;
  const planes = new Float32Array(channels * colours.length);
  colours.forEach((colour, i) => {
    for (let c = 0; c < channels; c++) planes[c * colours.length + i] = colour[c]! / 255;
  });
  const before = planes.slice();
  toSrgb(profile, 255)(planes, colours.length, 0, colours.length);
  return planes.every((value, i) => Math.round(255 * value) === Math.round(255 * before[i]!));
}

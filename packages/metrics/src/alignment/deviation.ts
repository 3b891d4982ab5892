import {
  embed,
  explain,
  type Image,
  type MetricInput,
  type MetricSettings,
  ModelError,
  toRgb,
  UsageError,
} from '@ir/core';
import { viewOf } from '../learned/distance.js';
import { modelWord, networkOf } from '../learned/networks.js';
import { preparedTwo } from '../pictures.js';
import { encoderNamed } from './alignment.js';
import { tokenDistances } from './distances.js';
import { alignedPair } from './pair.js';
import { viewsOf } from './views.js';

/** Where meaning changed: 1 - cos of the patch tokens of two pictures, square by square. */
export interface DeviationMap {
  /** Squares of `side` pixels, row by row. */
  readonly values: Float64Array;
  readonly columns: number;
  readonly rows: number;
  readonly side: number;
  /** The part of the picture that the squares cover. */
  readonly image: Image;
  /** `id@hash` of the encoder. */
  readonly encoder: string;
}

/**
 * The map behind `align-patch-cos`, of the pictures that Eq. 14 or 15 compares. `crop` is taken off first; always at native size.
 * @throws UsageError `IR_E_USAGE` where the pictures or the encoder's tokens are not there; ModelError where the picture is too small for the encoder
 */
export async function deviationMap(input: MetricInput, settings: MetricSettings = {}): Promise<DeviationMap> {
  const encoder = encoderNamed(settings.encoder);
  if (!encoder?.manifest.tokens) {
    const got = encoder ? `${encoder.manifest.id}, which has none` : 'none installed';
    throw new UsageError('IR_E_USAGE', explain({ name: 'encoder', expected: 'an encoder with tokens', got }));
  }
  const pair = await alignedPair(input, settings.alignment);
  if (typeof pair === 'string') {
    const expected = 'the pictures that Eq. 14 or 15 compares';
    throw new UsageError('IR_E_USAGE', explain({ name: 'deviation map', expected, got: pair }));
  }
  const { signal } = input;
  await preparedTwo(pair[0], pair[1], signal);
  const { manifest } = encoder;
  const [a, b] = await Promise.all(
    pair.map(([, image]) => viewsOf(viewOf(image, settings.crop ?? 0), 'native', manifest, signal)),
  );
  if (!a || !b) {
    const got = `${pair[1][1].width}x${pair[1][1].height}`;
    throw new ModelError(explain({ name: manifest.id, expected: 'a picture of a size that it takes whole', got }));
  }
  const network = await networkOf(encoder);
  const call = signal ? { signal } : {};
  const [first, second] = [await embed(network, manifest, a[0]!, call), await embed(network, manifest, b[0]!, call)];
  const { columns, rows } = first;
  const values = tokenDistances(first, second);
  return { values, columns, rows, side: manifest.multiple, image: b[0]!, encoder: modelWord(encoder) };
}

/** From none (the picture itself, in grey) over amber to red; one hue family, so that order is seen without a legend. */
const RAMP = [
  [0.99, 0.86, 0.55],
  [0.97, 0.55, 0.25],
  [0.75, 0.1, 0.15],
] as const;

function colourOf(share: number, channel: number): number {
  const at = share * (RAMP.length - 1);
  const below = Math.min(RAMP.length - 2, Math.floor(at));
  const [from, to] = [RAMP[below]![channel]!, RAMP[below + 1]![channel]!];
  return from + (at - below) * (to - from);
}

/** Value at a pixel, bilinear between the middles of the squares. */
function valueAt({ values, columns, rows, side }: DeviationMap, x: number, y: number): number {
  const along = (position: number, count: number) => {
    const at = Math.min(count - 1, Math.max(0, (position + 0.5) / side - 0.5));
    const below = Math.min(Math.max(0, count - 2), Math.floor(at));
    return [below, Math.min(count - 1, below + 1), at - below] as const;
  };
  const [left, right, u] = along(x, columns);
  const [top, bottom, v] = along(y, rows);
  const row = (r: number) => (1 - u) * values[r * columns + left]! + u * values[r * columns + right]!;
  return (1 - v) * row(top) + v * row(bottom);
}

/**
 * The map over the picture: grey where nothing changed, through amber to red at `most` and above (default 1, vectors at right angles). A fixed scale, so that
 * pictures can be compared. 8-bit RGB.
 */
export function drawDeviation(map: DeviationMap, { most = 1 }: { readonly most?: number } = {}): Image {
  const { width, height, data } = toRgb(map.image);
  const plane = width * height;
  const out = new Float32Array(3 * plane);
  for (let i = 0; i < plane; i++) {
    const share = Math.min(1, Math.max(0, valueAt(map, i % width, Math.floor(i / width)) / most));
    const grey = 0.299 * data[i]! + 0.587 * data[plane + i]! + 0.114 * data[2 * plane + i]!;
    const strength = Math.min(0.85, 2 * share); // what changed little stays mostly picture
    for (let c = 0; c < 3; c++) {
      const shade = (0.4 + 0.6 * grey) * colourOf(share, c);
      out[c * plane + i] = Math.round(255 * ((1 - strength) * grey + strength * shade)) / 255;
    }
  }
  return { width, height, channels: 3, depth: 8, data: out };
}

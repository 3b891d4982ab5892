import { explain, UsageError } from '../../errors.js';
import type { TilePlan } from '../contract.js';

/** A tile: where it is read, in input pixels, and what it gives to the result, in output pixels. */
export interface Tile {
  readonly core: Rectangle;
  /** The core with its context, clipped at the picture's border. */
  readonly region: Rectangle;
  /** The region in the result. */
  readonly target: Rectangle;
  /** Share in each column and row of the target; over all tiles a sample's shares (column x row) sum to 1. */
  readonly shares: { readonly x: Float64Array; readonly y: Float64Array };
}

export interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface TilesOptions {
  /** Size and overlap are rounded up to it, so that the network's internal grid falls on the same pixels as in the whole picture. */
  readonly multiple: number;
  /** Output side / input side; default 1. */
  readonly scale?: number;
  /** Tiles fade into each other over the overlap on both sides of a border; otherwise cores are cut sharply (default). */
  readonly blend?: boolean;
}

const roundUp = (n: number, multiple: number) => Math.ceil(n / multiple) * multiple;

/** A tile along one axis. */
interface Span {
  readonly core: number;
  readonly coreEnd: number;
  readonly start: number;
  readonly end: number;
}

function spansOf(length: number, size: number, overlap: number): Span[] {
  const spans: Span[] = [];
  for (let core = 0; core < length; core += size) {
    const coreEnd = Math.min(length, core + size);
    spans.push({ core, coreEnd, start: Math.max(0, core - overlap), end: Math.min(length, coreEnd + overlap) });
  }
  return spans;
}

/** From 0 at `fade` before a border to 1 at `fade` behind it; a step where nothing fades. */
const ramp = (behind: number, fade: number) =>
  fade === 0 ? Number(behind >= 0) : Math.min(1, Math.max(0, 0.5 + behind / (2 * fade)));

/** Weight of a span at a place of its axis, in input pixels. The picture's own borders do not fade. */
function weightAt({ core, coreEnd }: Span, length: number, fade: number, at: number): number {
  const left = core === 0 ? 1 : ramp(at - core, fade);
  const right = coreEnd === length ? 1 : 1 - ramp(at - coreEnd, fade);
  return Math.min(left, right);
}

interface Part {
  readonly span: Span;
  readonly from: number;
  readonly to: number;
  readonly share: Float64Array;
}

/** The spans in output pixels, each with its share in them. */
function partsOf(spans: readonly Span[], length: number, fade: number, scale: number): Part[] {
  const total = new Float64Array(Math.round(length * scale));
  const parts = spans.map((span) => {
    const [from, to] = [Math.round(span.start * scale), Math.round(span.end * scale)];
    const share = Float64Array.from({ length: to - from }, (_, i) =>
      weightAt(span, length, fade, (from + i + 0.5) / scale),
    );
    share.forEach((weight, i) => {
      total[from + i]! += weight;
    });
    return { span, from, to, share };
  });
  return parts.map((part) => ({ ...part, share: part.share.map((weight, i) => weight / total[part.from + i]!) }));
}

/** Cores in a grid, row by row, each read with `overlap` pixels of context. */
export function tilesOf(width: number, height: number, plan: TilePlan, options: TilesOptions): Tile[] {
  const { multiple, scale = 1, blend = false } = options;
  const size = roundUp(plan.size, multiple);
  const overlap = roundUp(plan.overlap, multiple);
  const axis = (length: number) => partsOf(spansOf(length, size, overlap), length, blend ? overlap : 0, scale);
  const columns = axis(width);
  return axis(height).flatMap((y) =>
    columns.map((x) => ({
      core: box(x.span.core, x.span.coreEnd, y.span.core, y.span.coreEnd),
      region: box(x.span.start, x.span.end, y.span.start, y.span.end),
      target: box(x.from, x.to, y.from, y.to),
      shares: { x: x.share, y: y.share },
    })),
  );
}

const box = (left: number, right: number, top: number, bottom: number): Rectangle => ({
  left,
  top,
  width: right - left,
  height: bottom - top,
});

/** @throws UsageError `IR_E_USAGE` */
export function checkTilePlan({ size, overlap }: TilePlan): void {
  if (!Number.isInteger(size) || size < 16 || !Number.isInteger(overlap) || overlap < 0) {
    const message = explain({
      name: 'tile',
      expected: 'a size of at least 16 and an overlap of at least 0 pixels',
      got: `${size}, ${overlap}`,
    });
    throw new UsageError('IR_E_USAGE', message);
  }
}

import { explain, UsageError } from '../../errors.js';
import type { TilePlan } from '../contract.js';

/** A tile in input pixels: the core that is kept and the region that is read for it. */
export interface Tile {
  readonly core: Rectangle;
  readonly region: Rectangle;
}

export interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

const roundUp = (n: number, multiple: number) => Math.ceil(n / multiple) * multiple;

interface Span {
  readonly core: number;
  readonly coreEnd: number;
  readonly start: number;
  readonly end: number;
}

function spans(length: number, size: number, overlap: number): Span[] {
  const out: Span[] = [];
  for (let core = 0; core < length; core += size) {
    const coreEnd = Math.min(length, core + size);
    out.push({ core, coreEnd, start: Math.max(0, core - overlap), end: Math.min(length, coreEnd + overlap) });
  }
  return out;
}

/**
 * Cores in a grid, row by row; each is read with `overlap` pixels of context, clipped at the picture's border. Size and overlap are rounded up
 * to the network's multiple, so that its internal grid falls on the same pixels as in the whole picture.
 */
export function tilesOf(width: number, height: number, plan: TilePlan, multiple: number): Tile[] {
  const size = roundUp(plan.size, multiple);
  const overlap = roundUp(plan.overlap, multiple);
  return spans(height, size, overlap).flatMap((y) =>
    spans(width, size, overlap).map((x) => ({
      core: { left: x.core, top: y.core, width: x.coreEnd - x.core, height: y.coreEnd - y.core },
      region: { left: x.start, top: y.start, width: x.end - x.start, height: y.end - y.start },
    })),
  );
}

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

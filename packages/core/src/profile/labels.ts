/** In pixels, y downwards. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

interface Spot {
  readonly x: number;
  readonly y: number;
}

export interface Segment {
  readonly from: Spot;
  readonly to: Spot;
}

/** Where a label may stand. */
export interface Place {
  readonly box: Box;
  /** The side of the box that the text keeps to: towards its point, since it may be shorter than the box. */
  readonly align: 'left' | 'center' | 'right';
  /** Ties a label that stands apart to its point. */
  readonly leader?: Segment;
}

/** What labels keep clear of: each other, the outside of the frame, these boxes and, where they can, these lines. */
export interface Surroundings {
  readonly frame: Box;
  readonly obstacles: readonly Box[];
  readonly lines?: readonly Segment[];
}

const HEIGHT = 1.2;
/** Of a letter; on the wide side, since nobody knows the font that will be there. */
const WIDTH = 0.62;

/** Width and height of a line of text. */
export const textSize = (text: string, fontSize: number): { readonly width: number; readonly height: number } => ({
  width: [...text].length * fontSize * WIDTH,
  height: fontSize * HEIGHT,
});

/** Half the side of a point's symbol, and the gap between it and its label. */
export const RADIUS = 6;
const GAP = 2;

export const boxAround = ({ x, y }: Spot, radius: number): Box => ({
  left: x - radius,
  top: y - radius,
  right: x + radius,
  bottom: y + radius,
});

/** A label's box at some way from a point; towards 0 it is centred. */
function boxTowards({ x, y }: Spot, [dx, dy]: readonly [number, number], way: number, text: string, font: number): Box {
  const { width, height } = textSize(text, font);
  const start = (at: number, towards: number, length: number) =>
    at + towards * way - (towards === 0 ? length / 2 : towards < 0 ? length : 0);
  const [left, top] = [start(x, dx, width), start(y, dy, height)];
  return { left, top, right: left + width, bottom: top + height };
}

/** Below it is rounding. */
const EPSILON = 1e-6;

const SLANT = Math.SQRT1_2;
/** Right, left, above, below, then slanting. */
const STRAIGHT: readonly (readonly [number, number])[] = [
  [1, 0],
  [-1, 0],
  [0, -1],
  [0, 1],
];
const DIRECTIONS = [...STRAIGHT, ...STRAIGHT.map(([x, y]) => [(x - y) * SLANT, (x + y) * SLANT] as const)];

const clamp = (value: number, low: number, high: number) => Math.max(low, Math.min(high, value));

const alignTowards = ([dx]: readonly [number, number]) => (dx === 0 ? 'center' : dx > 0 ? 'left' : 'right');

/** Places of a point's label: beside it, else further and further away with a leader. */
export function* besidePoint(point: Spot, text: string, fontSize: number): Generator<Place> {
  for (const direction of STRAIGHT)
    yield { box: boxTowards(point, direction, RADIUS + GAP, text, fontSize), align: alignTowards(direction) };
  for (let way = 2 * RADIUS; way <= 180; way += 6)
    for (const direction of DIRECTIONS) {
      const box = boxTowards(point, direction, way, text, fontSize);
      const to = { x: clamp(point.x, box.left, box.right), y: clamp(point.y, box.top, box.bottom) };
      const [dx, dy] = [to.x - point.x, to.y - point.y];
      const share = RADIUS / Math.max(Math.abs(dx), Math.abs(dy));
      const from = { x: point.x + dx * share, y: point.y + dy * share };
      yield { box, align: alignTowards(direction), leader: { from, to } };
    }
}

/** Places of the label of a level line: on it or below, from the left on. */
export function* alongLevel(y: number, text: string, fontSize: number, { left, right }: Box): Generator<Place> {
  const { width, height } = textSize(text, fontSize);
  const start = left + 4;
  for (let x = start; x === start || x + width <= right; x += 12)
    for (const top of [y - 1 - height, y + 1])
      yield { box: { left: x, top, right: x + width, bottom: top + height }, align: 'left' };
}

const overlap = (a: Box, b: Box): number =>
  Math.max(0, Math.min(a.right, b.right) - Math.max(a.left, b.left)) *
  Math.max(0, Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top));

const area = ({ left, top, right, bottom }: Box) => (right - left) * (bottom - top);

/** Does a segment run through a box? (Liang and Barsky: the part of it between each pair of sides.) */
export function crosses({ from, to }: Segment, { left, top, right, bottom }: Box): boolean {
  let [start, end] = [0, 1];
  for (const [at, by, low, high] of [
    [from.x, to.x - from.x, left, right],
    [from.y, to.y - from.y, top, bottom],
  ] as const) {
    if (by === 0 && (at <= low || at >= high)) return false;
    if (by === 0) continue;
    const [a, b] = [(low - at) / by, (high - at) / by];
    start = Math.max(start, Math.min(a, b));
    end = Math.min(end, Math.max(a, b));
  }
  return end - start > EPSILON;
}

/** How badly a place is taken; 0: it is free. Boxes that cover each other weigh most, then lines through names, then lines through points. */
function conflict({ box, leader }: Place, placed: readonly Place[], surroundings: Surroundings): number {
  const { frame, obstacles, lines = [] } = surroundings;
  const covered = [...obstacles, ...placed.map((one) => one.box)].reduce((sum, one) => sum + overlap(box, one), 0);
  const outside = area(box) - overlap(box, frame);
  const struck = placed.filter(
    (one) => (one.leader && crosses(one.leader, box)) || (leader && crosses(leader, one.box)),
  );
  const passed = obstacles.filter((one) => leader && crosses(leader, one));
  const crossed = lines.filter((line) => crosses(line, box));
  return 1000 * (covered + outside) + 3 * (struck.length + crossed.length) + passed.length;
}

/**
 * Labels one after another, each at the first of its places (the best first) that is free, else where it disturbs least. The same input gives the
 * same places.
 */
export function placeLabels(wanted: readonly Iterable<Place>[], surroundings: Surroundings): Place[] {
  const placed: Place[] = [];
  for (const places of wanted) {
    let best: { place: Place; cost: number } | undefined;
    for (const place of places) {
      const cost = conflict(place, placed, surroundings);
      if (best === undefined || cost < best.cost) best = { place, cost };
      if (cost < EPSILON) break;
    }
    if (best) placed.push(best.place);
  }
  return placed;
}

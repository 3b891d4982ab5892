import { explain, InputError, UsageError } from '../../errors.js';
import type { Image } from '../../image/contract.js';
import type { AutoencoderManifest, LatentManifest } from '../../models/manifest.js';
import type { RestoreOptions, TilePlan } from '../contract.js';
import { checkTilePlan } from '../direct/tiles.js';
import { padTo } from './pictures.js';

/** How models with a latent space run pictures of any size. */
type Running = Pick<
  LatentManifest | AutoencoderManifest,
  'id' | 'multiple' | 'padding' | 'minSide' | 'maxPixels' | 'tile'
>;

/** The tile plan that applies to a picture of so many pixels; undefined: it is run as a whole. @throws UsageError for a bad plan */
export function planFor(
  { maxPixels, tile: own }: Running,
  pixels: number,
  tile: NonNullable<RestoreOptions['tile']>,
): TilePlan | undefined {
  if (tile === 'none' || (tile === 'auto' && pixels <= maxPixels)) return undefined;
  if (tile === 'auto') return own;
  checkTilePlan(tile);
  return tile;
}

/** The picture continued at the right and bottom to the model's multiple. */
export function paddedFor({ multiple, padding }: Running, image: Image): Image {
  const up = (n: number) => Math.ceil(n / multiple) * multiple;
  return padTo(image, up(image.width), up(image.height), padding);
}

/** A picture of which the model, after enlarging it by `scale`, can make sense. @throws InputError `IR_E_SIZE` */
export function checkSides({ id, minSide }: Running, { width, height }: Image, scale: number): void {
  if (Math.min(width, height) * scale >= minSide) return;
  const expected = `sides of at least ${Math.ceil(minSide / scale)} pixels for ${id}`;
  const told = { name: 'image', expected, got: `${width}x${height}`, fix: 'Enlarge it first' };
  throw new InputError('IR_E_SIZE', explain(told));
}

/** @throws UsageError `IR_E_DISPOSED` */
export function assertInUse(id: string, disposed: boolean): void {
  if (!disposed) return;
  const told = { name: id, expected: 'a restorer in use', got: 'one disposed of', fix: 'Open it again' };
  throw new UsageError('IR_E_DISPOSED', explain(told));
}

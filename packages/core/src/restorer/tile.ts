import { z } from 'zod';
import type { TilePlan } from './contract.js';

/** What `parseTile` takes, for messages. */
export const TILE_FORMS = 'auto, none or SIZE+OVERLAP in pixels, for example 512+96';

const LEAST = 16;

/** `512+96`, `auto` or `none`; undefined for any other text. Bounds are the settings' to check. */
export function parseTile(text: string): TilePlan | 'auto' | 'none' | undefined {
  if (text === 'auto' || text === 'none') return text;
  const [, size, overlap] = /^(\d{1,6})\+(\d{1,6})$/.exec(text) ?? [];
  return size === undefined || overlap === undefined ? undefined : { size: Number(size), overlap: Number(overlap) };
}

/** With a plan written as text as what it says: the same plan in two spellings is one setting. Whatever else stands there is for `tileSetting`. */
export function spelledOutTile<T extends { readonly settings: Readonly<Record<string, unknown>> }>(restorer: T): T {
  const { tile } = restorer.settings;
  const plan = typeof tile === 'string' ? parseTile(tile) : undefined;
  return plan === undefined ? restorer : { ...restorer, settings: { ...restorer.settings, tile: plan } };
}

/** Numbers are taken for text, so that `tile: 64` is told what is missing. */
const written = z.union([z.string(), z.number()]).transform((value, context) => {
  const plan = parseTile(String(value));
  const small = typeof plan === 'object' && plan.size < LEAST;
  if (plan !== undefined && !small) return plan;
  const message = small ? `a SIZE of at least ${LEAST} pixels` : TILE_FORMS;
  context.issues.push({ code: 'custom', message, input: value });
  return z.NEVER;
});

/** The setting `tile` of networks, written or as `{ size, overlap }`: the same plan is the same value. */
export const tileSetting = z.union([z.strictObject({ size: z.int().min(LEAST), overlap: z.int().min(0) }), written]);
